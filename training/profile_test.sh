#!/usr/bin/env bash
# What profile says to flags that are wrong: exit status 2, and one line that begins with the flag's name.
set -u
profile=$1
failures=0

# expect TEXT FLAG: status 2, and a single line on stderr that begins with "error: TEXT".
expect() {
    local output status
    output=$("$profile" "$2" 2>&1 >/dev/null)
    status=$?
    if [ "$status" != 2 ] || [ "$(wc -l <<<"$output")" != 1 ] || [[ $output != "error: $1"* ]]; then
        echo "FAILED: $2 gave status $status and: $output"
        failures=$((failures + 1))
    fi
}
expect "--threads: it must be 0 to 1024" --threads=2000
expect "--threads: it must be 0 to 1024" --threads=-1
expect "--batch" --batch=0
expect "--steps" --steps=0
expect "--policy:1:" --policy=foo
expect "--policy: " "--policy=rules { layers: '*' quantizer { ttq { threshold_factor: 2 } } }"

[ "$failures" = 0 ]
