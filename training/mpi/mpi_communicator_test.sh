#!/usr/bin/env bash
# Every call of the communicator, between 1, 2, 3 and 4 real ranks.
set -eu
program=$1
for ranks in 1 2 3 4; do
    output=$(mpirun --allow-run-as-root --oversubscribe -n "$ranks" "$program")
    [ "$output" = "$ranks ranks agree" ] || {
        echo "FAILED with $ranks ranks: $output"
        exit 1
    }
done
