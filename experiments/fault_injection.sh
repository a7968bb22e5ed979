#!/usr/bin/env bash
# A short run, begun and brought down at random moments, and resumed each time, until it is over; and another, until there
# were enough kills. Each must end with the same metrics, results, model and weights as one that was never disturbed.
#
#   fault_injection RUN [--kills=N] [--seed=N]
#
# Beside each eight kills (SIGKILL) there are two stops (SIGTERM), which must leave a checkpoint and say how to go on, and
# one full disk (no file may grow beyond a random size), which must be an error of one line.
set -u
. experiments/compare_runs.sh
run=$1
shift
kills_wanted=200
RANDOM=1
for flag in "$@"; do
    case $flag in
    --kills=*) kills_wanted=${flag#*=} ;;
    --seed=*) RANDOM=${flag#*=} ;;
    *)
        echo "error: $flag: there is no such flag; --kills=N and --seed=N are" >&2
        exit 2
        ;;
    esac
done

# As a test in shards, each does its part.
if [ -n "${TEST_TOTAL_SHARDS:-}" ]; then
    touch "$TEST_SHARD_STATUS_FILE"
    kills_wanted=$(((kills_wanted + TEST_TOTAL_SHARDS - 1) / TEST_TOTAL_SHARDS))
    RANDOM=$((TEST_SHARD_INDEX + 1))
fi
if [ -n "${TEST_TMPDIR:-}" ]; then
    here=$TEST_TMPDIR
else
    here=$(mktemp -d)
    trap 'rm -rf "$here"' EXIT
fi
# Where a run that is killed leaves what it was drawing.
export TMPDIR=$here/temporary
mkdir -p "$TMPDIR"
log=$here/log
cat >"$here/spec.textproto" <<'SPEC'
name: "short"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" synthetic { train_images: 96 test_images: 40 } }
phases {
  name: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-4 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
  augmentation { pad_crop: 2 flip: true }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
}
SPEC

# start FOLDER: takes the place of the shell that calls it.
start() {
    exec "$run" --spec="$here/spec.textproto" --threads=1 --checkpoint_seconds=0 --resume --output_dir="$1" \
        >/dev/null 2>"$log"
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
# bring_down SIGNAL FOLDER: signals a run at a random moment of its length; gives its status.
bring_down() {
    (start "$2") &
    local pid=$! moment=$((RANDOM % length))
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
    kill "-$1" "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

begun=$(milliseconds)
(start "$here/undisturbed") || {
    echo "FAILED: the undisturbed run"
    cat "$log"
    exit 1
}
length=$(($(milliseconds) - begun))
if [ "$(metrics "$here/undisturbed" | wc -l)" != 5 ] || [ "$(results "$here/undisturbed" | wc -l)" -lt 50 ]; then
    echo "FAILED: the undisturbed run has not what is compared"
    exit 1
fi

kills=0 stops=0 full_disks=0 runs=0 lost=0 different=0
checkpoint_kib=$(($(wc -c <"$here/undisturbed/checkpoints/ttq.ckpt") / 1024))
while [ "$kills" -lt "$kills_wanted" ]; do
    runs=$((runs + 1))
    folder=$here/run-$runs
    while true; do
        case $((RANDOM % 11)) in
        0)
            kind='full disk'
            (
                ulimit -f $((RANDOM % checkpoint_kib + 1))
                trap '' XFSZ
                # Where ThreadSanitizer's runtime would put a file of its own, and die of its size.
                unset TMPDIR
                export TEST_TMPDIR=/dev/null
                start "$folder"
            )
            status=$?
            ;;
        1 | 2)
            kind='stop'
            bring_down TERM "$folder"
            status=$?
            ;;
        *)
            kind='kill'
            bring_down KILL "$folder"
            status=$?
            ;;
        esac
        case $kind:$status in
        *:0) break ;;
        kill:137) kills=$((kills + 1)) ;;
        # Before it listens, a signal just ends it.
        stop:143) stops=$((stops + 1)) ;;
        stop:130)
            stops=$((stops + 1))
            grep -q '^error: .*; go on with: .* --resume$' "$log" || status=silent
            ;;
        'full disk:2')
            full_disks=$((full_disks + 1))
            [ "$(grep -c '^error: ' "$log")" = 1 ] || status=silent
            ;;
        *) status=lost ;;
        esac
        if [ "$status" = lost ] || [ "$status" = silent ]; then
            echo "run $runs: after a $kind, $kills kills so far:"
            tail -n 3 "$log"
            lost=$((lost + 1))
            break
        fi
    done
    [ "$status" = 0 ] || continue
    if same_runs "$here/undisturbed" "$folder" full_precision ttq >"$here/difference" &&
        cmp "$here/undisturbed/model.trit" "$folder/model.trit" >>"$here/difference"; then
        rm -rf "$folder"
    else
        echo "run $runs differs, $kills kills so far:"
        cat "$here/difference"
        different=$((different + 1))
    fi
done
echo "$kills kills, $stops stops and $full_disks full disks in $runs runs: lost $lost, different results $different"
[ "$lost" = 0 ] && [ "$different" = 0 ]
