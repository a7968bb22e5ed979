#!/usr/bin/env bash
# tools/bazel passes everything on, and gives Bazel 7, all of it, what it needs and no
# other version knows.
set -u
wrapper=tools/bazel
real=$TEST_TMPDIR/real_bazel
cat >"$real" <<'REAL'
#!/bin/sh
if [ "$1" = --version ]; then
    echo "bazel $FAKE_VERSION"
else
    for argument; do echo "$argument"; done
fi
REAL
chmod +x "$real"

fail() {
    echo "FAILED: $*"
    exit 1
}

# What the real one is called with, one argument a line.
called() {
    FAKE_VERSION=$1 BAZEL_REAL=$real "$wrapper" test '//a b:all' --flag=x
}

for version in no_version 4.2.3 5.4.1 6.5.0; do
    [ "$(called $version)" = $'test\n//a b:all\n--flag=x' ] || fail "Bazel $version"
done
for version in 7.0.0 7.0.2 7.1.0 7.6.1; do
    arguments=$(called $version)
    rc=${arguments%%$'\n'*}
    [ "${arguments#*$'\n'}" = $'test\n//a b:all\n--flag=x' ] || fail "Bazel $version"
    # 7.0 knows no --enable_workspace, and all of 7 has WORKSPACE on.
    [ "$(grep -v '^#' "${rc#--bazelrc=}")" = 'common --noenable_bzlmod' ] ||
        fail "Bazel $version: ${rc}"
done
[ "$(FAKE_VERSION=7.1.0 BAZEL_REAL=$real "$wrapper" --version)" = 'bazel 7.1.0' ] ||
    fail "--version"
for version in 8.0.0 9.0.0 10.1.0; do
    called $version 2>"$TEST_TMPDIR/said" && fail "Bazel $version is not refused"
    grep -q 'too new: put Bazel 4 to 7' "$TEST_TMPDIR/said" || fail "Bazel $version"
done
echo passed
