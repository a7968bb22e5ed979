#!/usr/bin/env bash
# regress as a user and a CI server meet it: exit status, files, and what --update writes.
set -u
regress=$PWD/$1
cd "$TEST_TMPDIR" || exit 1
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
# run_of FOLDER SEED TOP1 [EXPERIMENT]: a run that is over.
run_of() {
    mkdir -p "$1"
    cat >"$1/report.json" <<JSON
{"provenance": {"experiment": "${4:-made_up}", "seed": $2, "test_images": 1000, "data_checksum": "0-1", "commit": "c0ffee"},
 "results": [{"name": "ttq", "top1": $3, "weight_bytes": 700, "images_per_second": 900, "calibration": 1e9}],
 "model_file": {"phase": "ttq", "bytes": 900}}
JSON
}
# point_of FOLDER SEED TOP1: a run that is over, of a full-precision start and the method.
point_of() {
    run_of "$1" "$2" "$3" point
    sed -i 's/"results": \[/&{"name": "full_precision", "top1": 95, "weight_bytes": 2800}, /' "$1/report.json"
}
# stop FOLDER: the run stands after its first phase.
stop() {
    sed -i '/"model_file"/d; s/, {"name": "ttq".*/]}/' "$1/report.json"
}
# expect STATUS PART ARGUMENT...: the status, and a line of output or error with the part.
expect() {
    local status=$1 part=$2
    shift 2
    BUILD_WORKING_DIRECTORY="$PWD" "$regress" "$@" >out 2>errors
    local got=$?
    [ "$got" = "$status" ] || fail "$*: status $got, not $status: $(cat out errors)"
    cat out errors | grep -qF -- "$part" || fail "$*: does not say $part: $(cat out errors)"
}

for seed in 1 2 3 4; do run_of "before/$seed" "$seed" "90.$seed"; done
run_of same/1 1 90.2
run_of worse/1 1 60
run_of better/1 1 99

# Bad input is 2, in one line that says what to do.
expect 2 '--baseline: not given' --run=same
expect 2 '--run: not given' --baseline=b.textproto
expect 2 '--reason: not given' --baseline=b.textproto --run=before --update
expect 2 '--update --reason=TEXT makes it' --baseline=b.textproto --run=same
[ "$(wc -l <errors)" = 1 ] || fail "not one line: $(cat errors)"

expect 0 b.textproto --baseline=b.textproto --run=before --update --reason='the first numbers'
grep -q 'reason: "the first numbers"' b.textproto || fail "no reason in the baseline"
grep -q 'commit: "c0ffee"' b.textproto || fail "no commit in the baseline"
mkdir empty
expect 2 'there is no run in it' --baseline=b.textproto --run=empty
sed 's/made_up/other/' same/1/report.json >other.json
mkdir other && mv other.json other/report.json
expect 2 'no experiment other' --baseline=b.textproto --run=other

# No output takes the place of what is read, of another output, or of a file that is something else.
cp b.textproto kept.textproto
cp same/1/report.json kept.json
for flag in markdown junit history page; do
    expect 2 "--$flag: $PWD/./b.textproto is the baseline" --baseline=b.textproto --run=same --history=h --"$flag"=./b.textproto
    expect 2 "--$flag: $PWD/same/1/report.json is a run's report" --baseline=b.textproto --run=same --history=h \
        --"$flag"=same/1/report.json
done
expect 2 "--page: $PWD/h is --history" --baseline=b.textproto --run=same --history=h --page=h
expect 2 'kept.json:1: not a line of a history' --baseline=b.textproto --run=same --history=kept.json
cmp -s b.textproto kept.textproto || fail "the baseline was touched"
cmp -s same/1/report.json kept.json || fail "a report, or what is no history, was touched"
[ ! -e h ] || fail "a refused comparison left a history"

# As before; worse; better, which is no failure.
expect 0 'none regressed' --baseline=b.textproto --run=same
expect 0 'none regressed' --baseline=b.textproto --run=same/1
expect 1 'WORSE' --baseline=b.textproto --run=worse --markdown=m.md --junit=j.xml --history=h.jsonl --page=p.html
grep -q 'REGRESSED' m.md || fail "the Markdown does not say so"
grep -q 'failures="1"' j.xml || fail "JUnit does not count it"
grep -q 'c0ffee' p.html || fail "the page has no commit"
expect 0 '1 is better' --baseline=b.textproto --run=better --history=h.jsonl
[ "$(wc -l <h.jsonl)" = 2 ] || fail "the history has not two lines"

# Half as fast in a process that calibrates half as fast is as fast.
sed -i 's/900/450/; s/1e9/5e8/' same/1/report.json
expect 0 'none regressed' --baseline=b.textproto --run=same
sed -i 's/5e8/1e9/' same/1/report.json
expect 1 'speed' --baseline=b.textproto --run=same

# A change that was meant becomes the baseline, with its reason after the first.
run_of worse/2 2 61
expect 0 b.textproto --baseline=b.textproto --run=worse --update --reason='a smaller network'
expect 0 'none regressed' --baseline=b.textproto --run=worse
[ "$(grep -c 'reason:' b.textproto)" = 2 ] || fail "the first reason is gone"

# A run that was stopped, by itself or among others, is as good as nothing, and no baseline.
for seed in 1 2; do point_of "whole/$seed" "$seed" "90.$seed"; done
expect 0 p.textproto --baseline=p.textproto --run=whole --update --reason='first'
cp p.textproto kept.textproto
cp -r whole stopped
stop stopped/2
expect 0 'none regressed' --baseline=p.textproto --run=whole
expect 1 'MISSING: 2: the run is not over' --baseline=p.textproto --run=stopped --junit=s.xml
grep -q '<failure' s.xml || fail "JUnit does not say that a run is missing"
expect 1 'MISSING: the run is not over' --baseline=p.textproto --run=stopped/2
expect 2 'not all runs are done (2: the run is not over)' --baseline=p.textproto --run=stopped --update --reason=x
expect 2 'not all runs are done' --baseline=p.textproto --run=stopped/2 --update --reason=x
cmp -s p.textproto kept.textproto || fail "a refused update has changed the baseline"
sed -i 's/"phase": "ttq"/"phase": "full_precision"/; s/, {"name": "ttq".*/],/' whole/2/report.json
expect 1 'point, ttq: top1' --baseline=p.textproto --run=whole/2

# A sweep: over with sweep.csv, in which all are done. A point of it by itself is compared with its own entry.
for seed in 1 2; do
    point_of "sweep/points/method=ttq/seed-$seed" "$seed" "90.$seed"
    run_of "sweep/shared/start-$seed" "$seed" "95" start
done
expect 2 'sweep.csv is not there' --baseline=s.textproto --run=sweep --update --reason=first
[ ! -e s.textproto ] || fail "a baseline of an unfinished sweep"
printf 'method,phase,status,seeds\nttq,ttq,done,2\n' >sweep/sweep.csv
expect 0 s.textproto --baseline=s.textproto --run=sweep --update --reason=first
expect 0 'none regressed' --baseline=s.textproto --run=sweep
expect 0 'none regressed' --baseline=s.textproto --run=sweep/points/method=ttq/seed-1
# Its starts differ along an axis: those with one seed have one name, and are told apart.
cp -r sweep axes
for type in f32 bf16; do
    run_of "axes/shared/ttq-$type" 1 91 ttq
    sed -i "s/\"seed\"/\"data_type\": \"$type\", &/" "axes/shared/ttq-$type/report.json"
done
expect 0 x.textproto --baseline=x.textproto --run=axes --update --reason=first
grep -q 'experiment: "ttq (bf16)"' x.textproto || fail "starts of one name are not told apart"
expect 0 'none regressed' --baseline=x.textproto --run=axes
expect 2 'ttq alone, but several; name the folder of the whole sweep' --baseline=x.textproto --run=axes/shared/ttq-bf16
sed -i 's/"weight_bytes": 700/"weight_bytes": 701/' axes/shared/ttq-bf16/report.json
expect 1 'ttq (bf16), ttq: weight_bytes' --baseline=x.textproto --run=axes
mv sweep/points/method=ttq/seed-2 .
printf 'method,phase,status,seeds\nttq,ttq,not_run,1 of 2\n' >sweep/sweep.csv
expect 1 'MISSING: method=ttq: not run, or not all seeds' --baseline=s.textproto --run=sweep
rm sweep/sweep.csv
expect 1 'MISSING: sweep.csv is not there' --baseline=s.textproto --run=sweep

# What --update would not write is refused, not ignored.
for flag in markdown junit history page; do
    expect 2 "--$flag: it is for a comparison" --baseline=b.textproto --run=worse --update --reason=x --$flag=none
    [ ! -e none ] || fail "--$flag was written"
done
[ "$failures" = 0 ] && echo "all held"
[ "$failures" = 0 ]
