#!/usr/bin/env bash
# The program that trains, started by mpirun on one machine: it writes one
# folder, goes on after a rank is killed and after it was asked to stop, to the
# same bits as undisturbed, and refuses what would not be the same run.
set -u
run=$1
spec=$TEST_TMPDIR/spec.textproto
log=$TEST_TMPDIR/log
. experiments/compare_runs.sh
cat >"$spec" <<'SPEC'
name: "ranks"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" synthetic { train_images: 960 test_images: 40 } }
phases {
  name: "full_precision" epochs: 3 batch_size: 16
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-4 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
  augmentation { pad_crop: 2 flip: true }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
  synchronized_batch_normalization: true
}
SPEC

fail() {
    echo "FAILED: $*"
    tail -n 5 "$log"
    exit 1
}
# start RANKS FOLDER [FLAG]...; takes the place of the shell that calls it.
start() {
    local ranks=$1 folder=$2
    shift 2
    exec mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$ranks" \
        "$run" --spec="$spec" --threads=1 --checkpoint_seconds=0 \
        --output_dir="$folder" "$@" >>"$log" 2>&1
}
# Refused by exit status 2, with one line that says so.
refused() {
    local words=$1
    shift
    : >"$log"
    (start "$@")
    local status=$?
    [ "$status" = 2 ] || fail "status $status, not 2, for: $words"
    [ "$(grep -c "^error: .*$words" "$log")" = 1 ] || fail "no single line says: $words"
}
same_as_undisturbed() { same_runs "$undisturbed" "$1" full_precision ttq || fail "$1 ended otherwise"; }
# Until the run in FOLDER has written a checkpoint that is newer than FILE.
wait_for_checkpoint() {
    local tries=0
    until [ -n "$(find "$1/checkpoints" -name '*.ckpt' -newer "$2" 2>/dev/null)" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "no checkpoint in $1"
        sleep 0.1
    done
}

undisturbed=$TEST_TMPDIR/undisturbed
(start 2 "$undisturbed") || fail "the undisturbed run"
grep -q '"ranks": 2' "$undisturbed/report.json" || fail "the report does not say 2 ranks"
[ "$(metrics "$undisturbed" | wc -l)" = 6 ] || fail "metrics.csv has not 5 epochs"

# Either rank is lost, each time at another moment: rank 0, which writes, and the other.
killed=$TEST_TMPDIR/killed
for turn in 1 2 3 4; do
    touch "$TEST_TMPDIR/turn"
    start 2 "$killed" --resume &
    mpirun=$!
    wait_for_checkpoint "$killed" "$TEST_TMPDIR/turn"
    sleep "0.0$((RANDOM % 10))"
    rank=$(pgrep -P "$mpirun" | sed -n "$((turn % 2 + 1))p")
    kill -KILL "$rank"
    wait "$mpirun" && fail "mpirun did not notice that a rank died"
done
(start 2 "$killed" --resume) || fail "the run that lost ranks does not go on"
same_as_undisturbed "$killed"

# Asked to stop: all ranks stop at one step, with a checkpoint and status 130.
stopped=$TEST_TMPDIR/stopped
start 2 "$stopped" &
mpirun=$!
wait_for_checkpoint "$stopped" "$spec"
: >"$log"
kill -USR1 "$mpirun"
wait "$mpirun"
status=$?
[ "$status" = 130 ] || fail "status $status, not 130, after SIGUSR1"
[ "$(grep -c '^error: .*stopped as asked to.*--resume' "$log")" = 1 ] || fail "not said how to go on"

refused 'mpirun -n 2, now it is 1' 1 "$stopped" --resume
(start 2 "$stopped" --resume) || fail "the run that was stopped does not go on"
same_as_undisturbed "$stopped"

refused 'batch_size is 16.*multiple of their number, 3' 3 "$TEST_TMPDIR/three"
refused 'exists\|holds a run' 2 "$undisturbed"
echo "killed, stopped and refused; nothing lost"
