#!/bin/bash
# What set-up does about a browser, with an apt-get that only notes what it is
# asked for, on a machine that has everything but a browser.
set -u
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

mkdir -p "$TEST_TMPDIR/tree" || exit 1
cp -RL tools "$TEST_TMPDIR/tree/" || exit 1
cd "$TEST_TMPDIR" || exit 1

# program NAME: its text is read.
program() {
  { echo '#!/bin/bash'; cat; } > "here/$1"
  chmod +x "here/$1"
}

# The system's programs without its browsers; before them, those of this test.
start_over() {
  rm -rf here asked
  mkdir here
  for name in g++ pkg-config bazel protoc gnuplot; do
    program "$name" <<< ''
  done
  program sudo <<< 'exec "$@"'
  program apt-get <<'STUB'
echo "$*" >> "$TEST_TMPDIR/asked"
case " $* " in
*" -s "* | *" update "*) ;;
*" install "*" chromium"*)
  touch "$TEST_TMPDIR/here/chromium"
  chmod +x "$TEST_TMPDIR/here/chromium"
  ;;
esac
STUB
  program apt-cache <<< "echo '  Candidate: $1'"
}
mkdir system
ln -s /usr/bin/* /bin/* /usr/sbin/* system/ 2> /dev/null
rm -f system/{chromium,chromium-browser,google-chrome}
export PATH="$PWD/here:$PWD/system"

# A oneDNN that is new enough, so that none is built.
export TRITLAB_CACHE="$PWD/cache"
mkdir -p cache/onednn-9.0.0/include/oneapi/dnnl
printf '#define DNNL_VERSION_%s\n' 'MAJOR 9' 'MINOR 0' 'PATCH 0' \
  > cache/onednn-9.0.0/include/oneapi/dnnl/dnnl_version.h

# Nothing but the word asks for a browser.
start_over 1.0
tree/tools/setup > out 2>&1 || fail "set-up: $(cat out)"
[[ -e asked ]] && fail "asked apt-get for $(cat asked)"

# Debian: the package is installed, once.
tree/tools/setup browser > out 2>&1 || fail "set-up of a browser: $(cat out)"
grep -q 'install .* chromium$' asked || fail "no chromium: $(cat asked)"
rm asked
tree/tools/setup browser > out 2>&1 || fail "second set-up: $(cat out)"
[[ -e asked ]] && fail "asked apt-get again: $(cat asked)"

# Ubuntu: no such package; said, and no failure.
start_over '(none)'
tree/tools/setup browser > out 2>&1 || fail "set-up without one: $(cat out)"
grep -q 'going on without a browser' out || fail "not said: $(cat out)"
grep -q install asked && fail "installed $(cat asked)"

# The two forms in which a snap is found in PATH are no browser.
program chromium-browser <<< 'exec /snap/bin/chromium "$@"'
program snap <<< ''
ln -s "$PWD/here/snap" here/google-chrome
( . tree/tools/setup_functions; find_browser ) && fail "took a snap"
program chromium <<< ''
[[ $(. tree/tools/setup_functions; find_browser) == "$PWD/here/chromium" ]] ||
  fail "did not take a browser"

tree/tools/setup browser mip > out 2>&1 && fail "took a word it does not know"
grep -q mip out || fail "does not name the word: $(cat out)"

echo "$failures failed"
[[ $failures == 0 ]]
