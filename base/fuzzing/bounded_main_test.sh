#!/usr/bin/env bash
# A fuzzer's bounded run finds a planted mistake, and what it keeps of it shows
# the mistake again.
set -u
fuzzer=$PWD/base/fuzzing/planted_mistake
export TEST_UNDECLARED_OUTPUTS_DIR=$TEST_TMPDIR
unset BUILD_WORKING_DIRECTORY

fail() {
    echo "FAILED: $1"
    exit 1
}

"$fuzzer" --mutations=0 || fail "the seeds alone do not pass"
"$fuzzer" 2> "$TEST_TMPDIR/said" && fail "the mistake is not found"
grep -q "the input that crashed is $TEST_TMPDIR/crash" "$TEST_TMPDIR/said" ||
    fail "it is not said where the input is: $(cat "$TEST_TMPDIR/said")"
cp "$TEST_TMPDIR/crash" "$TEST_TMPDIR/kept"
"$fuzzer" "$TEST_TMPDIR/kept" 2> /dev/null && fail "the input does not crash"
printf 'data\1\0\0\0x' > "$TEST_TMPDIR/fine"
"$fuzzer" "$TEST_TMPDIR/fine" || fail "a file that is fine does not pass"
"$fuzzer" --seed="$TEST_TMPDIR/missing" 2> /dev/null
[ $? = 2 ] || fail "a seed that is missing is no bad argument"
exit 0
