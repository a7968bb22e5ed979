"""A fuzzer: a bounded test in ordinary builds, libFuzzer with --config=fuzz."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def fuzz_test(name, srcs, deps, corpus = [], mutations = 10000, **attributes):
    """A test of a reader against damaged input.

    Ordinarily it runs the seeds and a fixed number of mutations of them, in
    seconds. With --config=fuzz it is libFuzzer's program, run for a minute as a
    test and for as long as one wants by `bazel run`.

    Args:
      name: the target; by custom it ends with _fuzzer.
      srcs: the file that defines what base/fuzzing/fuzz_target.h declares.
      deps: what it needs.
      corpus: files of this package that are further seeds.
      mutations: how many the ordinary test runs; keep it within 2 seconds.
      **attributes: further ones of cc_test.
    """
    seeds = ["--seed=$(rootpath %s)" % file for file in corpus]
    cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        args = seeds + select({
            "//base/fuzzing:libfuzzer": [
                "-max_total_time=45",
                "-rss_limit_mb=2048",
                "-timeout=20",
            ],
            "//conditions:default": ["--mutations=%d" % mutations],
        }),
        data = corpus,
        linkopts = select({
            "//base/fuzzing:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        # Their main is looked for after the sources.
        linkstatic = True,
        deps = deps + ["//base/fuzzing:fuzz_target"] + select({
            "//base/fuzzing:libfuzzer": ["//base/fuzzing:libfuzzer_start"],
            "//conditions:default": ["//base/fuzzing:bounded_main"],
        }),
        **attributes
    )
