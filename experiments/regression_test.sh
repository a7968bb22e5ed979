#!/usr/bin/env bash
# Has a change moved an accuracy? Trains all methods on the built-in images, over a few seeds from starts that they share, and
# holds them against experiments/baselines/builtin.textproto. docs/regressions.md says what to do when it fails.
#   regression_test.sh SWEEP RUN REGRESS [SEEDS]
# The programs //experiments:sweep, //experiments:run and //reports:regress; from the workspace's root. Exit status 1 when
# something regressed or could not be trained, 2 when there is nothing to compare.
set -u
sweep=$1
run=$2
regress=$3
seeds=${4:-1, 2}
folder=${TEST_TMPDIR:-$(mktemp -d)}
outputs=${TEST_UNDECLARED_OUTPUTS_DIR:-$folder}

# One thread a run: then the bits do not depend on how many processors there are.
"$sweep" --run_binary="$run" --spec=experiments/regression/methods.textproto --set "seeds=$seeds" \
    --jobs=2 --threads=2 --output_dir="$folder/sweep" || exit
"$regress" --baseline=experiments/baselines/builtin.textproto --run="$folder/sweep" \
    --markdown="$outputs/regression.md" --junit="$outputs/regression.xml" \
    --history="$outputs/history.jsonl" --page="$outputs/history.html"
