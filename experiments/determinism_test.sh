#!/usr/bin/env bash
# The same spec, seed and number of threads give the same bits in every run:
# metrics, report and weights, of a training with everything in it that draws
# random numbers or computes on several threads, with activations of either
# type. Nothing is promised from one number of threads to another: sums of
# floats are split among the threads.
#
#   determinism_test.sh RUN [RUNS [THREADS]]
#
# The test suite makes 3 runs; 20 are
#   bazel build //experiments:run
#   TEST_TMPDIR=$(mktemp -d) experiments/determinism_test.sh bazel-bin/experiments/run 20
set -u
. experiments/compare_runs.sh
run=$1
runs=${2:-3}
threads=${3:-2}
spec=$TEST_TMPDIR/spec.textproto
log=$TEST_TMPDIR/log
cat >"$spec" <<'SPEC'
name: "determinism"
model { cifar_resnet { depth: 8 width: 4 } }
dataset { name: "synthetic" synthetic { train_images: 96 test_images: 32 } }
phases {
  name: "full_precision" epochs: 1 batch_size: 32
  optimizer { sgd { momentum: 0.9 nesterov: true } weight_decay: 1e-4 }
  schedule { learning_rate: 0.05 one_cycle { warmup_share: 0.3 } }
  augmentation { pad_crop: 2 flip: true }
}
phases {
  name: "ttq" starts_from: "full_precision" epochs: 1 batch_size: 32
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
}
phases {
  name: "inq" starts_from: "full_precision" epochs: 2 batch_size: 32
  optimizer { sgd { momentum: 0.9 } }
  schedule { learning_rate: 0.01 }
  policy { rules { layers: "*" quantizer { inq { bits: 5 portions: [0.5, 1] } } } }
}
SPEC

fail() {
    echo "FAILED: $*"
    tail -n 1 "$log"
    exit 1
}

for type in BF16 F32; do
    rm -rf "$TEST_TMPDIR/run1"
    for ((i = 1; i <= runs; ++i)); do
        folder=$TEST_TMPDIR/run$i
        "$run" --spec="$spec" --set data_type=$type --threads="$threads" --seed=7 --output_dir="$folder" \
            >/dev/null 2>"$log" || fail "run $i of $type"
        [ "$(metrics "$folder" | wc -l)" -ge 5 ] || fail "metrics.csv has not 4 epochs"
        [ "$i" = 1 ] && continue
        same_runs "$TEST_TMPDIR/run1" "$folder" full_precision ttq inq ||
            fail "run $i of $runs of $type is another than the first"
        rm -r "$folder"
    done
done

# What is compared tells runs apart: another seed gives other bits.
"$run" --spec="$spec" --set data_type=F32 --threads="$threads" --seed=8 --output_dir="$TEST_TMPDIR/other" \
    >/dev/null 2>"$log" || fail "the run of another seed"
same_runs "$TEST_TMPDIR/run1" "$TEST_TMPDIR/other" full_precision ttq inq >/dev/null &&
    fail "another seed gives the same bits: the test shows nothing"
echo "$runs of $runs runs are the same"
