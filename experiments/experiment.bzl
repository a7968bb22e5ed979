"""One target an experiment: the runner with the spec filled in."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def experiment(name):
    """`bazel run //experiments:NAME` runs experiments/specs/NAME.textproto; other flags as for :run.

    Args:
      name: of the spec, without its folder and ending.
    """
    spec = "specs/%s.textproto" % name
    cc_binary(
        name = name,
        args = ["--spec=$(rootpath %s)" % spec],
        data = [spec],
        deps = [":run_main"],
    )
