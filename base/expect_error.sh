# Sourced by tests of what a program says to bad input; counts what was wrong in `failures`.
#   expect_error TEXT PROGRAM ARGUMENT...    status 2, and a single line on stderr that begins with "error: TEXT"
failures=0
expect_error() {
    local text=$1 output status
    shift
    output=$("$@" 2>&1 >/dev/null)
    status=$?
    if [ "$status" != 2 ] || [ "$(wc -l <<<"$output")" != 1 ] || [[ $output != "error: $text"* ]]; then
        echo "FAILED: $* gave status $status and: $output"
        failures=$((failures + 1))
    fi
}
