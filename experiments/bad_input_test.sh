#!/usr/bin/env bash
# What bad input gets: exit status 2, one line on stderr that names file, field or flag, and nothing half-written.
set -u
run=$1
specs=experiments/specs
failures=0

# expect STATUS TEXT ARGUMENTS...: the status, and a single line on stderr that contains the text.
expect() {
    local status=$1 text=$2
    shift 2
    local output actual lines
    output=$("$run" "$@" 2>&1 >/dev/null)
    actual=$?
    lines=$(grep -c . <<<"$output")
    if [ "$actual" != "$status" ] || [ "$lines" != 1 ] || ! grep -qF -- "$text" <<<"$output"; then
        echo "FAILED: $* gave status $actual and:"
        echo "$output"
        echo "  wanted status $status and one line with: $text"
        failures=$((failures + 1))
    fi
    if [ -e "$TEST_TMPDIR/out" ]; then
        echo "FAILED: $* left an output folder behind"
        rm -rf "$TEST_TMPDIR/out"
        failures=$((failures + 1))
    fi
}
quickstart=--spec=$specs/quickstart.textproto
out=--output_dir=$TEST_TMPDIR/out

expect 2 "--spec: not given" "$out"
expect 2 "nowhere.textproto" --spec=nowhere.textproto "$out"
expect 2 "--sped: there is no such flag" --sped=x "$out"
expect 2 "--threads: \"x\" is impossible" "$quickstart" "$out" --threads=x
expect 2 "it is no flag" "$quickstart" "$out" stray
expect 2 "there is no field \"phase\"" "$quickstart" "$out" --set phase.0.epochs=1
expect 2 "epochs is -1" "$quickstart" "$out" --set phases.ttq.epochs=-1
expect 2 "ttq.threshold_factor is 2" "$quickstart" "$out" \
    --set phases.ttq.policy.rules.0.quantizer.ttq.threshold_factor=2
expect 2 "\"stage9/*\" matches no layer" "$quickstart" "$out" --set 'phases.ttq.policy.rules.0.layers=stage9/*'
expect 2 "cifar_resnet.depth is 9" "$quickstart" "$out" --set model.cifar_resnet.depth=9
expect 2 "cifar-10-batches-bin" "--spec=$specs/ttq_resnet20_cifar10_short.textproto" "$out" --data_root="$TEST_TMPDIR"

expect 2 "cifar_resnet.depth is 2147483642" "$quickstart" "$out" --set model.cifar_resnet.depth=2147483642
expect 2 "use a smaller network" "$quickstart" "$out" --set model.cifar_resnet.depth=1202 \
    --set model.cifar_resnet.width=1024
expect 2 "phase ttq: " "$quickstart" "$out" --set phases.ttq.batch_size=60000
expect 2 "--checkpoint_seconds" "$quickstart" "$out" --checkpoint_seconds=nan
expect 2 "data_type is 3; it must be one of AUTO, F32, BF16" "$quickstart" "$out" --set data_type=3
expect 2 "quantizer.inq.partition is 9" "$quickstart" "$out" \
    --set 'phases.ttq.policy.rules.0.quantizer=inq { bits: 5 portions: 1 partition: 9 }'

# An estimate answers mistakes likewise, and leaves nothing behind.
expect 2 "cifar_resnet.depth is 9" "$quickstart" "$out" --estimate --set model.cifar_resnet.depth=9
expect 2 "phase ttq: " "$quickstart" "$out" --estimate --set phases.ttq.batch_size=60000
estimated=$("$run" "$quickstart" "$out" --estimate --set model.cifar_resnet.width=2 \
    --set 'dataset.synthetic=train_images: 128 test_images: 16')
if [ "$?" != 0 ] || [ -e "$TEST_TMPDIR/out" ] || ! grep -q "memory: " <<<"$estimated"; then
    echo "FAILED: --estimate gave: $estimated"
    failures=$((failures + 1))
fi

printf 'name: "a"\nphases {\n  epocs: 3\n}\n' >"$TEST_TMPDIR/typo.textproto"
expect 2 "typo.textproto:3:" --spec="$TEST_TMPDIR/typo.textproto" "$out"

# A CIFAR file that is cut short.
mkdir -p "$TEST_TMPDIR/data/cifar-10-batches-bin"
for file in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    head -c 30000000 /dev/zero >"$TEST_TMPDIR/data/cifar-10-batches-bin/$file.bin"
done
expect 2 "data_batch_1.bin: is truncated" "--spec=$specs/ttq_resnet20_cifar10_short.textproto" "$out" \
    --data_root="$TEST_TMPDIR/data"

# A tiny run, to have something that can be damaged.
tiny=("$quickstart" --output_dir="$TEST_TMPDIR/run" --set model.cifar_resnet.width=2
    --set 'dataset.synthetic=train_images: 32 test_images: 16'
    --set phases.full_precision.epochs=1 --set phases.full_precision.batch_size=16
    --set phases.ttq.epochs=1 --set phases.ttq.batch_size=16)
"$run" "${tiny[@]}" >/dev/null 2>&1 || { echo "FAILED: the tiny run"; failures=$((failures + 1)); }
expect 2 "it holds a run already" "${tiny[@]}"
expect 2 "begun with another spec" "${tiny[@]}" --resume --set phases.ttq.epochs=2
# Where OpenMP has a limit (--config=tsan), seven are no more than one.
[ -n "${OMP_THREAD_LIMIT:-}" ] || expect 2 "began with --threads" "${tiny[@]}" --resume --threads=7

checkpoint=$TEST_TMPDIR/run/checkpoints/ttq.ckpt
rm -f "$checkpoint.previous"
cp "$checkpoint" "$TEST_TMPDIR/whole.ckpt"
head -c 1000 "$TEST_TMPDIR/whole.ckpt" >"$checkpoint"
expect 2 "checkpoints/ttq.ckpt" "${tiny[@]}" --resume
[ "$(wc -c <"$checkpoint")" = 1000 ] || { echo "FAILED: a damaged checkpoint was touched"; failures=$((failures + 1)); }

# Another network's checkpoint in its place.
"$run" "${tiny[@]}" --output_dir="$TEST_TMPDIR/other" --set model.cifar_resnet.depth=14 >/dev/null 2>&1
cp "$TEST_TMPDIR/other/checkpoints/ttq.ckpt" "$checkpoint"
expect 2 "it holds another network" "${tiny[@]}" --resume

# Standard streams that are closed: what is printed goes into no file of the run.
"$run" "${tiny[@]}" --output_dir="$TEST_TMPDIR/closed" <&- >&- 2>&-
[ $? = 0 ] || { echo "FAILED: a run with closed streams"; failures=$((failures + 1)); }
if grep -q "images/s" "$TEST_TMPDIR/closed/metrics.csv" "$TEST_TMPDIR/closed/.lock"; then
    echo "FAILED: with stderr closed, progress went into a file of the run"
    failures=$((failures + 1))
fi

# A full disk: no file may grow beyond 8 KiB, where a checkpoint takes more. ThreadSanitizer's runtime would put a file of
# its own into TMPDIR or TEST_TMPDIR, and die of its size.
cp "$TEST_TMPDIR/whole.ckpt" "$checkpoint"
output=$(
    ulimit -f 8
    trap '' XFSZ
    env -u TMPDIR TEST_TMPDIR=/dev/null "$run" "${tiny[@]}" --output_dir="$TEST_TMPDIR/disk" 2>&1 >/dev/null
)
status=$?
if [ "$status" != 2 ] || ! grep -q "^error: .*$TEST_TMPDIR/disk" <<<"$output"; then
    echo "FAILED: a full disk gave status $status and: $output"
    failures=$((failures + 1))
fi

# A folder that holds something else keeps it.
mkdir -p "$TEST_TMPDIR/full"
echo precious >"$TEST_TMPDIR/full/file"
expect 2 "it holds something that is no run" "$quickstart" --output_dir="$TEST_TMPDIR/full"
[ "$(ls "$TEST_TMPDIR/full")" = file ] || failures=$((failures + 1))

[ "$failures" = 0 ]
