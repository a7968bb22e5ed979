#!/usr/bin/env bash
# A share of a sweep's runs as a test (sweep_points.bzl): SWEEP RUN SPEC I/N. Data
# is in the folder $TRITLAB_DATA_ROOT of whichever machine it runs on; the
# sweep's folder is the test's outputs.
set -eu
exec "$1" --run_binary="$PWD/$2" --spec="$3" --shard="$4" \
    --data_root="${TRITLAB_DATA_ROOT:-data}" --output_dir="$TEST_UNDECLARED_OUTPUTS_DIR"
