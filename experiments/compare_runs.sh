# shellcheck shell=bash
# Sourced by tests: what two runs of one spec must share, which is all but the
# time that they took. Each function prints it for the folder of a run.

metrics() { cut -d, -f1-9 "$1/metrics.csv"; }
results() {
    sed -n '/"results"/,$p' "$1/report.json" |
        grep -vE 'seconds|images_per_second|calibration|joules|watts' |
        sed 's/,$//' # whether a line that was left out stood behind
}

# Of a checkpoint, each record but the first, which holds times as well; the
# first one's length stands in its first bytes.
weights() {
    local first
    first=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
    tail -c +$((first + 17)) "$1" | cksum
}

# same_runs ONE OTHER PHASE... tells whether they are the same, and shows what
# is not.
same_runs() {
    local one=$1 other=$2 phase
    shift 2
    diff <(metrics "$one") <(metrics "$other") || return 1
    diff <(results "$one") <(results "$other") || return 1
    for phase in "$@"; do
        if [ "$(weights "$one/checkpoints/$phase.ckpt")" != "$(weights "$other/checkpoints/$phase.ckpt")" ]; then
            echo "the weights of $phase differ"
            return 1
        fi
    done
}
