#!/usr/bin/env bash
# A sweep as a user runs it: shared starts are trained once, a point that fails does not stop the others, nothing is done twice,
# shards share the work, and what was stopped goes on.
set -u
sweep=$1
run=$2
here=$TEST_TMPDIR
log=$here/log

cat >"$here/base.textproto" <<'SPEC'
name: "base"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" synthetic { train_images: 96 test_images: 32 } }
data_type: F32
phases {
  name: "full_precision" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.05 }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
}
SPEC
cat >"$here/sweep.textproto" <<'SPEC'
name: "tiny"
base: "base.textproto"
seeds: [1, 2]
axes {
  name: "t"
  fields {
    path: "phases.ttq.policy.rules.0.quantizer.ttq.threshold_factor"
    values: ["0.05", "0.1", "0.2"]
  }
  fields { path: "phases.ttq.schedule.learning_rate" values: ["0.01", "0.01", "1e30"] }
  labels: ["0.05", "0.1", "diverges"]
}
SPEC

fail() {
    echo "FAILED: $*"
    cat "$log"
    exit 1
}
# start FOLDER FLAGS...: its status; what it says goes to the log, its table to FOLDER.out.
start() {
    local folder=$1
    shift
    "$sweep" --run_binary="$run" --spec="$here/sweep.textproto" --output_dir="$folder" "$@" \
        >"$folder.out" 2>"$log"
}
# All but the columns that are times.
figures() { cut -d, -f1-10,12-13,15 "$1/sweep.csv"; }
said() { grep -c -- "$1" "$log"; }

# Whatever is wrong with any point is said before the first runs, and leaves nothing behind.
start "$here/bad" --set 'phases.ttq.policy.rules.0.layers=stage9/*'
[ $? = 2 ] || fail "a pattern without layers: another status"
grep -q 'point t=0.05: phase ttq: .*stage9' "$log" || fail "the point at fault is not named"
[ -e "$here/bad" ] && fail "a folder was made for a sweep that cannot run"
start "$here/bad" --shared_phases="$here/sweep.textproto"
[ $? = 2 ] || fail "a file for the shared phases' folder: another status"
grep -q '^error: --shared_phases: ' "$log" || fail "--shared_phases is not named"
[ -e "$here/bad" ] && fail "a folder was made for a sweep that has no place for shared phases"

# The program for a run is found beside this one, or, as Bazel builds them, in the folder above.
mkdir -p "$here/built/sweep"
cp "$sweep" "$here/built/sweep/sweep"
for place in "$here/built/sweep/run" "$here/built/run"; do
    cp "$run" "$place"
    "$here/built/sweep/sweep" --spec="$here/none.textproto" 2>"$log"
    [ $? = 2 ] || fail "no spec, $place: another status"
    grep -q 'none.textproto: ' "$log" || fail "$place was not found"
    rm "$place"
done
"$here/built/sweep/sweep" --spec="$here/none.textproto" 2>"$log"
grep -q '^error: --run_binary: there is no program ' "$log" || fail "a program that is missing was not named"
rm -r "$here/built"

start "$here/all" --jobs=2 --threads=2
[ $? = 1 ] || fail "a failed point must give status 1"
[ "$(ls "$here/all/shared" | grep -c 'full_precision-[0-9a-f]*$')" = 2 ] || fail "one shared start a seed"
[ "$(said 'shared .*: started')" = 2 ] || fail "shared starts were trained more than once"
grep -lq 'full_precision epoch' "$here"/all/points/*/*.log && fail "a point trained its start itself"
grep -q 't=diverges seed 1: FAILED: phase ttq: the loss is no longer finite' "$log" || fail "what failed is not said"
[ "$(said ': done in .* top-1')" = 6 ] || fail "2 starts and 4 runs must end well"
grep -q '^t *top-1 %' "$here/all.out" || fail "no table on stdout"
grep -Eq '^diverges +failed' "$here/all.out" || fail "the failed point has no row"
[ "$(wc -l <"$here/all/sweep.csv")" = 4 ] || fail "sweep.csv has not 3 rows"
grep -q '^0.05,ttq,done,2,' "$here/all/sweep.csv" || fail "sweep.csv: both seeds of 0.05"
grep -q '^diverges,,failed,0,' "$here/all/sweep.csv" || fail "sweep.csv: the failed point"
grep -q '| diverges | failed |' "$here/all/sweep.md" || fail "sweep.md: the failed point"
# One page over what is done: both points that did not fail.
grep -q 't=0.05' "$here/all/runs.html" || fail "runs.html: the point 0.05 is not there"
grep -q 'Accuracy by t' "$here/all/runs.html" || fail "runs.html: no picture of what was varied"
grep -q 'diverges: failed' "$here/all/runs.html" || fail "runs.html: the failed point is not said to be missing"

# Again: only what failed is tried again, and the table stays.
cp "$here/all/sweep.csv" "$here/before.csv"
start "$here/all" --threads=1
[ $? = 1 ] || fail "the second time: another status"
[ "$(said ': started')" = 2 ] || fail "something that was done was run again"
[ "$(said ': done before')" = 6 ] || fail "2 starts and 4 runs were done before"
cmp "$here/before.csv" "$here/all/sweep.csv" || fail "the table has changed"

# Another sweep does not get in.
start "$here/all" --set phases.ttq.epochs=2
[ $? = 2 ] || fail "another sweep: another status"
grep -q 'it holds another sweep' "$log" || fail "another sweep was not refused"

# Where the shared start itself fails, what needs it is not tried.
start "$here/start" --threads=1 --set phases.full_precision.schedule.learning_rate=1e30 --set seeds=1
[ $? = 1 ] || fail "a start that fails: another status"
[ "$(said ': started')" = 1 ] || fail "a point ran without its start"
[ "$(said 'FAILED: it starts from what failed: phase full_precision: the loss')" = 3 ] || fail "3 points needed it"
[ -e "$here/start/runs.html" ] && fail "a page over no run at all"

# Two shards at once, in one folder, with shared starts from elsewhere.
start "$here/shards" --threads=1 --shard=1/2 --shared_phases="$here/all/shared" &
first=$!
log=$here/log2
start "$here/shards" --threads=1 --shard=2/2 --shared_phases="$here/all/shared"
second=$?
wait "$first"
[ "$second" = 1 ] || fail "the second shard: status $second"
[ "$(said 'seed 2: started')" = 3 ] || fail "the second shard did not do the second seed"
[ "$(cat "$here/log" "$log" | grep -c 'shared .*: started')" = 0 ] || fail "a start that is there was trained again"
diff <(figures "$here/all") <(figures "$here/shards") || fail "two shards gave another table than one process"

# Two processes that divide nothing between them: each point is still done once.
equal=(--threads=1 --shared_phases="$here/all/shared" --set phases.ttq.schedule.learning_rate=0.01)
log=$here/log
start "$here/both" "${equal[@]}" &
first=$!
log=$here/log2
start "$here/both" "${equal[@]}" || fail "the second of two"
wait "$first" || fail "the first of two"
[ "$(cat "$here/log" "$log" | grep -c 'seed .: started')" = 6 ] || fail "two processes did a point twice, or not at all"

# Shards of an empty folder that need the same two starts: each is trained once, by whichever comes first.
alike=(--threads=1 --set phases.ttq.schedule.learning_rate=0.01)
log=$here/log
start "$here/thirds" "${alike[@]}" --shard=1/3 &
first=$!
log=$here/log2
start "$here/thirds" "${alike[@]}" --shard=2/3 || fail "the second of three shards"
wait "$first" || fail "the first of three shards"
[ "$(cat "$here/log" "$log" | grep -c 'shared .*: started')" = 2 ] || fail "shards did not train 2 starts once each"
start "$here/thirds" "${alike[@]}" --shard=3/3 || fail "the third shard"
[ "$(said 'shared .*: started')" = 0 ] || fail "the third shard trained a start again"
diff <(figures "$here/both") <(figures "$here/thirds") || fail "three shards gave another table than two processes"

# One that is killed locks nothing; the run that it has started is not disturbed.
log=$here/log
"$sweep" --run_binary="$run" --spec="$here/sweep.textproto" --output_dir="$here/killed" "${equal[@]}" \
    >/dev/null 2>"$log" &
pid=$!
until grep -q 'seed 2: started' "$log"; do
    kill -0 "$pid" 2>/dev/null || fail "it ended before it could be killed"
    sleep 0.02
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
start "$here/killed" "${equal[@]}" || fail "after one that was killed"
[ "$(said ': done before')" -ge 1 ] || fail "what the killed one had done was done again"
diff <(figures "$here/both") <(figures "$here/killed") || fail "a killed sweep ended with another table"

# Stopped in the middle of the first phase, it goes on and ends as if it never had been. The start keeps to the one
# thread that it began with, though two would be its share then.
long=(--set phases.full_precision.epochs=12 --set phases.ttq.schedule.learning_rate=0.01 --set seeds=1)
"$sweep" --run_binary="$run" --spec="$here/sweep.textproto" --threads=1 \
    --output_dir="$here/stopped" "${long[@]}" >/dev/null 2>"$log" &
pid=$!
until grep -qs 'epoch 2/12' "$here"/stopped/shared/*.log; do
    kill -0 "$pid" 2>/dev/null || fail "it ended before it could be stopped"
    sleep 0.02
done
kill -INT "$pid"
wait "$pid"
[ $? = 130 ] || fail "stopped: another status"
[ -e "$here/stopped/sweep.csv" ] && fail "a stopped sweep wrote a table"
start "$here/stopped" --jobs=2 --threads=2 "${long[@]}" || fail "going on"
start "$here/straight" --threads=1 "${long[@]}" || fail "the same without a stop"
diff <(figures "$here/stopped") <(figures "$here/straight") || fail "a stopped sweep ended with another table"
[ "$(grep -c 'full_precision epoch 12/12' "$here"/stopped/shared/*.log)" -ge 1 ] || fail "the start was not finished"

# A shard that is killed in the middle of the start, and the run that trains it with it, while another waits for that start:
# the other goes on with it from its checkpoint, to the same table.
"$sweep" --run_binary="$run" --spec="$here/sweep.textproto" --threads=1 --shard=1/2 \
    --output_dir="$here/orphan" "${long[@]}" >/dev/null 2>"$log" &
pid=$!
until grep -qs 'epoch 2/12' "$here"/orphan/shared/*.log; do
    kill -0 "$pid" 2>/dev/null || fail "it ended before it could be killed"
    sleep 0.02
done
log=$here/log2
start "$here/orphan" --threads=1 --shard=2/2 "${long[@]}" &
other=$!
sleep 0.2
child=$(pgrep -P "$pid")
kill -KILL "$pid" "$child"
wait "$pid" 2>/dev/null
wait "$other" || fail "the shard that waited for a start whose owner was killed"
log=$here/log
start "$here/orphan" --threads=1 "${long[@]}" || fail "the rest"
diff <(figures "$here/orphan") <(figures "$here/straight") || fail "a start that changed hands gave another table"
echo "all held"
