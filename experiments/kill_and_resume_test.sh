#!/usr/bin/env bash
# A run that is killed (SIGKILL) again and again, at moments spread over its length, and resumed each time, ends with the
# same metrics and the same weights as one that never was.
set -u
run=$1
spec=$TEST_TMPDIR/spec.textproto
cat >"$spec" <<'SPEC'
name: "kill"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" synthetic { train_images: 160 test_images: 40 } }
phases {
  name: "full_precision" epochs: 3 batch_size: 16
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-4 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
  augmentation { pad_crop: 2 flip: true }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 3 batch_size: 16
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
}
SPEC

fail() {
    echo "FAILED: $*"
    exit 1
}
# Takes the place of the shell that calls it.
start() { exec "$run" --spec="$spec" --threads=2 --checkpoint_seconds=0 --resume --output_dir="$1" 2>>"$TEST_TMPDIR/log"; }
# All that two runs must share: metrics without the seconds.
measured() { cut -d, -f1-9 "$1/metrics.csv"; }

undisturbed=$TEST_TMPDIR/undisturbed
(start "$undisturbed") >/dev/null || fail "the undisturbed run: $(tail -n 1 "$TEST_TMPDIR/log")"

killed=$TEST_TMPDIR/killed
kills=0
for attempt in $(seq 1 40); do
    start "$killed" >/dev/null &
    pid=$!
    # A little later each time, so that some progress is made whatever the machine's speed.
    sleep "$(printf '%d.%02d' $((attempt / 20)) $(((attempt * 5) % 100)))"
    kill -KILL "$pid"
    wait "$pid" && break
    kills=$((kills + 1))
done
(start "$killed") >/dev/null || fail "after $kills kills: $(tail -n 1 "$TEST_TMPDIR/log")"

[ "$kills" -gt 2 ] || fail "only $kills kills: the test shows nothing"
diff <(measured "$undisturbed") <(measured "$killed") || fail "the metrics differ after $kills kills"
layers() { grep -A100000 '"results"' "$1/report.json" | grep -vE 'seconds|images_per_second'; }
diff <(layers "$undisturbed") <(layers "$killed") || fail "the reports differ after $kills kills"
echo "$kills kills, nothing lost"
