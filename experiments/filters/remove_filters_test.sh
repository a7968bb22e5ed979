#!/usr/bin/env bash
# The removal of redundant filters as a user runs it: the smaller network is as good as the one before, can be run and trained
# further; the run that it is from stays as it is; bad input gets exit status 2, one line, and nothing half-written.
set -u
run=$1
remove=$2
infer=$3
render=$4
here=$TEST_TMPDIR

# Most weights zero, so that there is something to remove.
cat >"$here/spec.textproto" <<'SPEC'
name: "tiny"
model { cifar_resnet { depth: 8 width: 8 } }
dataset { name: "synthetic" synthetic { train_images: 96 test_images: 64 } }
data_type: F32
phases {
  name: "full_precision" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.05 }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 step { epochs: 1 factor: 0.1 } }
  policy { rules { layers: "*" quantizer { ttq { sparsity: 0.98 } } } }
}
SPEC
fail() {
    echo "FAILED: $*"
    cat "$here/log"
    exit 1
}
"$run" --spec="$here/spec.textproto" --output_dir="$here/run" >"$here/log" 2>&1 || fail "the run"
find "$here/run" -type f -exec cksum {} + | sort >"$here/before"

# A field of a result in report.json: field PHASE NAME.
field() { grep -A4 "\"name\": *\"$1\"" "$here/$folder/report.json" | grep -o "\"$2\": *[0-9.]*" | head -1 | grep -o '[0-9.]*$'; }

# Without training: the same accuracy, fewer multiply-adds, and files that other programs read.
folder=removed
"$remove" --run="$here/run" --output_dir="$here/removed" >"$here/log" 2>&1 || fail "the removal"
[ "$(tail -n 1 "$here/log")" = "$here/removed" ] || fail "the folder is not the last line"
for file in graph.textproto model.trit checkpoints/ttq_filters_removed.ckpt report.json report.md report.html; do
    [ -s "$here/removed/$file" ] || fail "no $file"
done
before=$(field ttq top1)
after=$(field ttq_filters_removed top1)
[ -n "$before" ] && [ "$before" = "$after" ] || fail "top-1 is $before before and $after after"
grep -Eq '^ttq_filters_removed +[0-9.]+ +[1-9]' "$here/log" || fail "no filter was removed"
grep -q 'redundant filters removed' "$here/removed/graph.textproto" || fail "graph.textproto is not the smaller one"
grep -q 'Removal of redundant filters' "$here/removed/report.md" || fail "report.md has no such table"
grep -q 'Removal of redundant filters' "$here/removed/report.html" || fail "report.html has no such table"
[ -e "$here/removed/checkpoints/ttq_retrained.ckpt" ] && fail "it was trained without being asked to"
"$infer" --model="$here/removed/model.trit" --dataset=synthetic --batch=8 >"$here/log" 2>&1 || fail "the model does not run"
grep -q '^energy: ' "$here/log" || fail "no line about energy"
"$render" --run="$here/removed" >"$here/log" 2>&1 || fail "the report cannot be rendered again"

# Bit for bit the same again.
folder=again
"$remove" --run="$here/run" --output_dir="$here/again" >"$here/log" 2>&1 || fail "the same again"
cmp "$here/removed/model.trit" "$here/again/model.trit" || fail "another model.trit"

# With re-training, of the phase that is named.
folder=retrained
"$remove" --run="$here/run/" --phase=ttq --epochs=1 --output_dir="$here/retrained" >"$here/log" 2>&1 || fail "re-training"
grep -q '^ttq_retrained ' "$here/log" || fail "no row of the re-training"
for file in checkpoints/ttq_retrained.ckpt metrics.csv retraining.textproto; do
    [ -s "$here/retrained/$file" ] || fail "no $file"
done
grep -q 'epochs: 0.5' "$here/retrained/retraining.textproto" || fail "the schedule's step did not move"
[ -n "$(field ttq_retrained top1)" ] || fail "report.json has no result of the re-training"

# One that is stopped goes on, and ends as if it had not been; killed before that, it begins anew.
"$remove" --run="$here/run" --epochs=12 --output_dir="$here/whole" >"$here/log" 2>&1 || fail "a longer re-training"
resumed=("$remove" --run="$here/run" --epochs=12 --output_dir="$here/stopped")
for signal in KILL TERM; do
    rm -f "$here/stopped/metrics.csv"
    "${resumed[@]}" --resume >"$here/log" 2>&1 &
    for _ in $(seq 600); do
        grep -q '^ttq_retrained,[2-9]' "$here/stopped/metrics.csv" 2>/dev/null && break
        sleep 0.02
    done
    kill -$signal $!
    wait $!
    status=$?
    # It may have been faster.
    [ $signal = KILL ] || [ $status = 130 ] || [ $status = 0 ] || fail "stopped: status $status"
done
[ $status = 0 ] || grep -q -- "--resume --output_dir=$here/stopped" "$here/log" || fail "it does not say how to go on"
"${resumed[@]}" >/dev/null 2>"$here/log" && fail "it was begun again over what is there"
grep -q -- 'give --resume to go on with it' "$here/log" || fail "--resume is not named"
"${resumed[@]}" --resume >"$here/log" 2>&1 || fail "to go on"
for file in model.trit metrics.csv; do
    cut -d, -f1-9 "$here/whole/$file" | cmp - <(cut -d, -f1-9 "$here/stopped/$file") || fail "resumed: another $file"
done
"$remove" --run="$here/run" --epochs=3 --output_dir="$here/stopped" --resume >/dev/null 2>"$here/log"
[ $? = 2 ] || fail "other epochs: another status"
grep -q -- 'retraining.textproto: the folder is of a removal with another' "$here/log" || fail "other epochs are not named"
# Whatever it was killed at, or met a full disk at, it can be resumed: in the writing of its first file, and after it.
mkdir -p "$here/begun/graph.textproto.partial/in_the_way"
"$remove" --run="$here/run" --output_dir="$here/begun" --resume >"$here/log" 2>&1 && fail "the first file cannot be written"
rm -r "$here/begun/graph.textproto.partial"
"$remove" --run="$here/run" --output_dir="$here/begun" --resume >"$here/log" 2>&1 || fail "to go on before the first file"
cmp "$here/removed/model.trit" "$here/begun/model.trit" || fail "gone on before the first file: another model.trit"
mkdir "$here/begun2"
cp "$here/removed/graph.textproto" "$here/begun2"
"$remove" --run="$here/run" --output_dir="$here/begun2" --resume >"$here/log" 2>&1 || fail "to go on after the first file"
[ -s "$here/begun2/provenance.textproto" ] || fail "gone on after the first file: no provenance.textproto"

# Another seed's network may well have the same filters left.
"$run" --spec="$here/spec.textproto" --seed=2 --output_dir="$here/seed2" >"$here/log" 2>&1 || fail "another seed"
for of in run seed2; do
    "$remove" --run="$here/$of" --phase=full_precision --output_dir="$here/shared" --resume >/dev/null 2>"$here/log"
    status=$?
done
[ $status = 2 ] || fail "another run: another status"
grep -q -- 'full_precision_filters_removed.ckpt: the folder is of a removal with another --run' "$here/log" ||
    fail "another run is not named"

# Full precision has nothing to remove, which is no error.
"$remove" --run="$here/run" --phase=full_precision --output_dir="$here/full" >"$here/log" 2>&1 || fail "full precision"
grep -Eq '^full_precision_filters_removed +[0-9.]+ +0 ' "$here/log" || fail "full precision lost filters"

find "$here/run" -type f -exec cksum {} + | sort | cmp - "$here/before" || fail "the run's folder has changed"

# expect TEXT ARGUMENTS...: exit status 2, a single line on stderr with the text, and no folder left behind.
expect() {
    local text=$1
    shift
    "$remove" "$@" --output_dir="$here/out" >/dev/null 2>"$here/log"
    [ $? = 2 ] || fail "$*: another status"
    [ "$(wc -l <"$here/log")" = 1 ] || fail "$*: not one line"
    grep -qF -- "$text" "$here/log" || fail "$*: no \"$text\""
    [ -e "$here/out" ] && fail "$*: a folder was left behind"
}
expect "--run: not given"
expect "--run: $here/nowhere holds no run" --run="$here/nowhere"
expect "--phase: \"inq\" is no phase of $here/run/spec.textproto; it has full_precision, ttq" --run="$here/run" --phase=inq
expect "--epochs: it must be at least 0" --run="$here/run" --epochs=-1
expect "--threads" --run="$here/run" --threads=-1

"$remove" --run="$here/run" --output_dir="$here/removed" >/dev/null 2>"$here/log"
[ $? = 2 ] || fail "a folder that holds something: another status"
grep -q -- "--output_dir: $here/removed is there already" "$here/log" || fail "the folder is not named"

cp -r "$here/run" "$here/damaged"
head -c 1000 "$here/run/checkpoints/ttq.ckpt" >"$here/damaged/checkpoints/ttq.ckpt"
expect "$here/damaged/checkpoints/ttq.ckpt" --run="$here/damaged"
cp "$here/run/checkpoints/full_precision.ckpt" "$here/damaged/checkpoints/ttq.ckpt"
expect "is not one of phase ttq" --run="$here/damaged"
rm "$here/damaged/checkpoints/ttq.ckpt"
expect "no checkpoint there" --run="$here/damaged"
sed -i 's/train_images: 96/train_images: 80/' "$here/damaged/spec.textproto"
expect "give the data that it was trained on" --run="$here/damaged" --phase=full_precision
echo 'phases { epocs: 3 }' >>"$here/damaged/spec.textproto"
expect "$here/damaged/spec.textproto:" --run="$here/damaged"
echo "all held"
