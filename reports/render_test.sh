#!/bin/bash
# render as a user meets it: relative paths, exit status, one line of error.
set -u
render="$PWD/reports/render"
cd "$TEST_TMPDIR" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

mkdir -p user/runs/a
cat > user/runs/a/report.json <<'JSON'
{"provenance": {"experiment": "made_up", "seed": 3},
 "results": [{"name": "ttq", "top1": 86.25,
              "epochs": [{"epoch": 1, "test_top1": 86.25}]}]}
JSON

# Relative to where the user stands, not to where the program is started.
BUILD_WORKING_DIRECTORY="$PWD/user" "$render" --run=runs/a > out 2> errors ||
  fail "status $? for a good run: $(cat errors)"
grep -q 'ttq .*86.25' out || fail "no summary: $(cat out)"
grep -q '86.25' user/runs/a/report.md || fail "no report.md"
grep -q '86.25' user/runs/a/report.html || fail "no report.html"

# The tables as LaTeX, where asked.
[[ -e user/runs/a/report.tex ]] && fail "report.tex without --latex"
BUILD_WORKING_DIRECTORY="$PWD/user" "$render" --run=runs/a --latex > out ||
  fail "status $? with --latex"
grep -q '^ttq & 86.25 & .* \\\\$' user/runs/a/report.tex || fail "no report.tex"

# expect_refused PART ARGUMENT...: status 2 and one line that contains PART.
expect_refused() {
  local part="$1"
  shift
  BUILD_WORKING_DIRECTORY="$PWD/user" "$render" "$@" > out 2> errors
  local status=$?
  [[ $status == 2 ]] || fail "$*: status $status, not 2"
  [[ $(wc -l < errors) == 1 ]] || fail "$*: not one line: $(cat errors)"
  grep -qF -- "$part" errors || fail "$*: does not name $part: $(cat errors)"
}

expect_refused "runs/none/report.json" --run=runs/none
mkdir -p user/runs/damaged
head -c 60 user/runs/a/report.json > user/runs/damaged/report.json
expect_refused "runs/damaged/report.json" --run=runs/damaged
[[ -e user/runs/damaged/report.md ]] && fail "wrote a page of a damaged report"
expect_refused "--run"
expect_refused "--rnu" --rnu=runs/a

expect_refused "--runs" --run=runs
expect_refused "--runs" --run=runs/a --runs=runs
expect_refused "runs/none" --runs=runs/none

# One page over many runs; the damaged one is named on it. The script in it is
# the one that its browser is told to run.
mkdir -p user/runs/b
sed 's/86.25/87.75/; s/"ttq"/"inq"/' user/runs/a/report.json \
  > user/runs/b/report.json
BUILD_WORKING_DIRECTORY="$PWD/user" "$render" --runs=runs > out 2> errors ||
  fail "status $? for runs: $(cat errors)"
grep -q 'runs/runs.html' out || fail "does not say where the page is"
for cell in 86.25 87.75; do
  grep -q "<td>$cell</td>" user/runs/runs.html || fail "runs.html lacks $cell"
  grep -q "| $cell |" user/runs/runs.md || fail "runs.md lacks $cell"
done
grep -q 'damaged/report.json' user/runs/runs.html || fail "damage not named"
sed -n '/<script>/,/<\/script>/p' user/runs/runs.html |
  sed 's/^<script>//; s/<\/script>$//' | head -c -1 > script.js
hash=$(printf "$(sha256sum < script.js | cut -c1-64 | sed 's/../\\x&/g')" | base64)
grep -qF "script-src 'sha256-$hash'" user/runs/runs.html ||
  fail "kSortScriptHash in html.cc must be sha256-$hash"
rm -r user/runs/damaged

# A user's own costs: one multiply-add in a report, and its energy on the page.
mkdir -p user/runs/energy
cat > user/runs/energy/report.json <<'JSON'
{"provenance": {"experiment": "energy"}, "results": [{"name": "ttq", "layers": [
  {"name": "fc", "quantizer": "full_precision", "weights": 1, "weight_bytes": 4,
   "multiply_adds": 1, "input_values": 1, "output_values": 1}]}]}
JSON
cat > user/mine.textproto <<'COSTS'
process: "mine" source: "made up"
operations {
  f32_add: 1e6 f32_multiply: 2e6 bf16_multiply: 1 int8_multiply: 1 int32_add: 1
  int32_multiply: 1 shift: 1
}
sram { bytes: 1024 bits: 64 pj: 0 }
dram { bits: 64 pj: 0 }
COSTS
BUILD_WORKING_DIRECTORY="$PWD/user" "$render" --run=runs/energy \
  --energy_costs=mine.textproto > out 2> errors ||
  fail "status $? with costs: $(cat errors)"
grep -q '| ttq | mine | f32 | .* | 3 | ' user/runs/energy/report.md ||
  fail "no energy of 3 microjoules: $(cat user/runs/energy/report.md)"
# It is in report.json as well, and stays on the page without the costs.
grep -q '"process": *"mine"' user/runs/energy/report.json ||
  fail "no energy in report.json"
BUILD_WORKING_DIRECTORY="$PWD/user" "$render" --run=runs/energy > out ||
  fail "status $? after costs"
grep -q '| ttq | mine | f32 | .* | 3 | ' user/runs/energy/report.md ||
  fail "energy of report.json is not shown"
cp user/runs/energy/report.json before.json
expect_refused "none.textproto" --run=runs/energy --energy_costs=none.textproto
echo 'process: "mine"' > user/bad.textproto
expect_refused "bad.textproto: source" --run=runs/energy \
  --energy_costs=bad.textproto

cmp before.json user/runs/energy/report.json || fail "report.json changed"

exit $((failures > 0))
