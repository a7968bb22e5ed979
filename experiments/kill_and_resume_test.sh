#!/usr/bin/env bash
# A run that is killed (SIGKILL) again and again, at moments spread over its
# length, and resumed each time, ends with the same metrics, the same report and
# the same weights as one that never was.
set -u
run=$1
spec=$TEST_TMPDIR/spec.textproto
log=$TEST_TMPDIR/log
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
    tail -n 1 "$log"
    exit 1
}
# Takes the place of the shell that calls it.
start() {
    exec "$run" --spec="$spec" --threads=2 --checkpoint_seconds=0 --resume \
        --output_dir="$1" >/dev/null 2>>"$log"
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

undisturbed=$TEST_TMPDIR/undisturbed
begun=$(milliseconds)
(start "$undisturbed") || fail "the undisturbed run"
length=$(($(milliseconds) - begun))

# The n-th kill comes n twelfths of the way through a run: the first before it
# has written anything, later ones ever further on; what is over by then ends it.
killed=$TEST_TMPDIR/killed
kills=0
status=137
for attempt in 1 2 3 4 5 6 7 8 9 10 11; do
    start "$killed" &
    pid=$!
    sleep "$(printf '%d.%03d' $((length * attempt / 12000)) $((length * attempt / 12 % 1000)))"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid"
    status=$?
    [ "$status" = 0 ] && break
    [ "$status" = 137 ] || fail "status $status after $kills kills"
    kills=$((kills + 1))
done
[ "$status" = 0 ] || (start "$killed") || fail "after $kills kills"
[ "$kills" -gt 0 ] || fail "no kill came in time: the test shows nothing"

# All that two runs must share: everything but the time they took.
metrics() { cut -d, -f1-9 "$1/metrics.csv"; }
results() { sed -n '/"results"/,$p' "$1/report.json" | grep -vE 'seconds|images_per_second'; }
# Of a checkpoint, each record but the first, which holds times as well; the
# first one's length stands in its first bytes.
weights() {
    local first
    first=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
    tail -c +$((first + 17)) "$1" | cksum
}
[ "$(metrics "$undisturbed" | wc -l)" = 7 ] || fail "metrics.csv has not 6 epochs"
[ "$(results "$undisturbed" | wc -l)" -gt 50 ] || fail "report.json has no results"
diff <(metrics "$undisturbed") <(metrics "$killed") || fail "metrics differ after $kills kills"
diff <(results "$undisturbed") <(results "$killed") || fail "reports differ after $kills kills"
for phase in full_precision ttq; do
    [ "$(weights "$undisturbed/checkpoints/$phase.ckpt")" = "$(weights "$killed/checkpoints/$phase.ckpt")" ] ||
        fail "weights of $phase differ after $kills kills"
done
echo "$kills kills, nothing lost"
