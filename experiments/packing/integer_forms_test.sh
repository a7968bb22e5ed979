#!/usr/bin/env bash
# A run's network over bytes as a user gets it: the report holds the program against plain loops; the choices that are left can be
# compared; and a model can be packed with first and last layers in f32, and back.
set -u
run=$1
compare=$2
pack=$3
infer=$4
here=$TEST_TMPDIR

cat >"$here/spec.textproto" <<'SPEC'
name: "tiny"
model { cifar_resnet { depth: 8 width: 8 } }
dataset { name: "synthetic" synthetic { train_images: 96 test_images: 64 } }
data_type: F32
phases {
  name: "ttq" epochs: 1 batch_size: 16
  optimizer { sgd { momentum: 0.9 } } schedule { learning_rate: 0.05 }
  policy { rules { layers: "*" quantizer { ttq { } } } }
}
SPEC
fail() {
    echo "FAILED: $*"
    cat "$here/log"
    exit 1
}
"$run" --spec="$here/spec.textproto" --output_dir="$here/run" >"$here/log" 2>&1 || fail "the run"

# A field of report.json's model_file.
field() { grep -o "\"$1\": *[0-9.]*" "$here/run/report.json" | head -1 | grep -o '[0-9.]*$'; }
[ "$(field emulated_images)" = 64 ] || fail "plain loops have not seen all images"
[ "$(field emulated_top1)" = "$(field integer_top1)" ] || fail "plain loops are worth something else than the program"
grep -q '"emulated_differences": *[1-9]' "$here/run/report.json" && fail "the program has other logits than plain loops"

"$compare" --run="$here/run" >"$here/forms" 2>"$here/log" || fail "the comparison"
[ "$(grep -Ec '^(largest|percentile|squares) +(int8|f32) +(one|exact) ' "$here/forms")" = 12 ] || fail "12 forms"
# bytes FIRST_AND_LAST: of weights in memory, one product a layer.
bytes() { awk -v ends="$1" '$1 == "squares" && $2 == ends && $3 == "one" { print $5 }' "$here/forms" | tr -d ,; }
[ "$(bytes f32)" -gt "$(bytes int8)" ] || fail "weights in f32 do not take more memory"

model=$here/run/model.trit
"$pack" --model="$model" --output="$here/f32.trit" --first_and_last=f32 >"$here/log" 2>&1 || fail "pack"
"$pack" --model="$here/f32.trit" --output="$here/int8.trit" --first_and_last=int8 >"$here/log" 2>&1 || fail "pack back"
cmp "$model" "$here/int8.trit" || fail "packed to f32 and back it is another file"
"$infer" --model="$here/f32.trit" --dataset=synthetic >"$here/log" 2>&1 || fail "running the model with f32"
grep -q '^top-1 ' "$here/log" || fail "the model with f32 has no accuracy"
"$pack" --model="$model" --output="$here/other.trit" --first_and_last=f16 >"$here/log" 2>&1
[ $? = 2 ] || fail "f16: another status"
grep -q -- '--first_and_last: "f16" is unknown' "$here/log" || fail "f16: what is wrong is not said"
"$compare" --run="$here" >"$here/log" 2>&1
[ $? = 2 ] || fail "a folder that is no run: another status"
echo "all held"
