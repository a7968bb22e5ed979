#!/usr/bin/env bash
# scaling as a user meets it: the example of docs/cluster.md, and flags that are wrong.
set -u
scaling=$PWD/$1
good=(--compute_seconds=0.8 --images=32 --gradient_bytes=102e6 --bandwidth_gbit=25 --latency_us=20)
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

output=$("$scaling" "${good[@]}") || fail "the example gave status $?"
[ "$(wc -l <<<"$output")" = 13 ] || fail "the example gave: $output"

# expect FLAG=VALUE: status 2, and one line that begins with the flag's name.
expect() {
    local output status
    output=$("$scaling" "${good[@]}" "$1" 2>&1 >/dev/null)
    status=$?
    if [ "$status" != 2 ] || [ "$(wc -l <<<"$output")" != 1 ] || [[ $output != "error: ${1%%=*}"[:\ ]* ]]; then
        fail "$1 gave status $status and: $output"
    fi
}
for value in nan inf -1 1e308 abc ''; do
    for flag in compute_seconds overlap images gradient_bytes bucket_bytes bandwidth_gbit latency_us waits ranks algorithm; do
        expect "--$flag=$value"
    done
done

# A table that finds no room is an error; a reader who has gone is none.
"$scaling" "${good[@]}" >/dev/full 2>"$TEST_TMPDIR/errors"
[ $? = 2 ] && grep -q '^error: standard output: ' "$TEST_TMPDIR/errors" || fail "a full disk gave: $(cat "$TEST_TMPDIR/errors")"
(trap '' PIPE; "$scaling" "${good[@]}" 2>"$TEST_TMPDIR/errors"; echo $? >"$TEST_TMPDIR/status") | true
[ "$(cat "$TEST_TMPDIR/status")" = 0 ] || fail "a closed pipe gave: $(cat "$TEST_TMPDIR/errors")"

[ "$failures" = 0 ]
