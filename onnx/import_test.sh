#!/usr/bin/env bash
# What import says to flags and files that are wrong: exit status 2, one line on stderr, and no checkpoint.
set -u
import=$PWD/$1
. base/expect_error.sh
cd "$TEST_TMPDIR" || exit 1

# expect TEXT FLAG...: as expect_error says, and there is no checkpoint.
expect() {
    local text=$1
    shift
    expect_error "$text" "$import" "$@"
    [ ! -e new.ckpt ] || { echo "FAILED: $* left a checkpoint" && failures=$((failures + 1)); }
}
echo 'no model' >bad.onnx
expect "--model: not given" --output=new.ckpt
expect "--output: not given" --model=bad.onnx
expect "--output: bad.onnx is there already" --model=bad.onnx --output=bad.onnx
expect "--height is -1; it must be above 0" --model=bad.onnx --output=new.ckpt --height=-1
expect "--width is -5; it must be above 0" --model=bad.onnx --output=new.ckpt --width=-5
expect "bad.onnx: this is no ONNX model" --model=bad.onnx --output=new.ckpt
expect "missing.onnx: cannot open" --model=missing.onnx --output=new.ckpt

[ "$failures" = 0 ]
