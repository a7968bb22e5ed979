#!/usr/bin/env bash
# GoogLeNet with batch normalization from end to end, small: its branches are trained, quantized to powers of two, packed, and
# run in integers, with the logits of plain loops. Its auxiliary classifiers are trained, and in nothing else.
set -u
run=$1
infer=$2
export_onnx=$3
here=$TEST_TMPDIR

cat >"$here/spec.textproto" <<'SPEC'
name: "tiny_googlenet"
model { googlenet { batch_normalization: true stem: SMALL_IMAGES width: 8 auxiliary_heads: true } }
dataset { name: "synthetic" synthetic { train_images: 128 test_images: 64 } }
data_type: F32
phases {
  name: "full_precision" epochs: 2 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.05 }
}
phases {
  name: "inq" starts_from: "full_precision" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.005 }
  policy { rules { layers: "*" quantizer { inq { bits: 5 portions: [0.5, 1] } } } }
}
SPEC
fail() {
    echo "FAILED: $*"
    cat "$here/log"
    exit 1
}
"$run" --spec="$here/spec.textproto" --output_dir="$here/run" >"$here/log" 2>&1 || fail "the run"
[ -s "$here/run/model.trit" ] || fail "no packed model"
grep -q '"why_no_integer_program": *""' "$here/run/report.json" || fail "no integer program"
grep -Eq '"integer_top1": *[0-9.]+' "$here/run/report.json" || fail "the integer program was not evaluated"
grep -q '"emulated_differences": *[1-9]' "$here/run/report.json" && fail "the program has other logits than plain loops"
for checkpoint in full_precision inq; do
    grep -aq 'aux2/fc2/weights' "$here/run/checkpoints/$checkpoint.ckpt" || fail "training cannot go on: $checkpoint has no heads"
done
grep -q 'with auxiliary classifiers in training' "$here/run/report.json" || fail "the report does not say what was trained"
"$export_onnx" --run="$here/run" --output="$here/run.onnx" >"$here/log" 2>&1 || fail "the export"
"$export_onnx" --checkpoint="$here/run/checkpoints/full_precision.ckpt" --output="$here/checkpoint.onnx" >"$here/log" 2>&1 ||
    fail "the export of a checkpoint"
for file in run/model.trit run/report.json run.onnx checkpoint.onnx; do
    grep -aq 'inception4d' "$here/$file" || fail "$file does not name its layers"
    grep -aq 'aux[12]/' "$here/$file" && fail "$file has the auxiliary classifiers"
done
"$infer" --model="$here/run/model.trit" --dataset=synthetic --batch=8 >"$here/log" 2>&1 || fail "the model does not run"
grep -Eq '^top-1 [0-9.]+ % of [0-9]+ images' "$here/log" || fail "no accuracy"
exit 0
