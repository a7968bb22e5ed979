"""The points of a sweep as tests, which Bazel spreads over machines and caches."""

def sweep_points(name, points):
    """`bazel test //experiments:NAME_points` does the runs of experiments/sweeps/NAME.textproto.

    One test does each `points`-th of them; its outputs are a sweep's folder. They are
    run where they are named only (docs/cluster.md).

    Args:
      name: of the sweep, without its folder and ending.
      points: how many tests; as many as the sweep has runs, for one each.
    """
    sweep = "sweeps/%s.textproto" % name
    tests = ["%s_point_%d" % (name, i + 1) for i in range(points)]
    for i, test in enumerate(tests):
        native.sh_test(
            name = test,
            size = "enormous",
            srcs = ["sweep_point.sh"],
            args = [
                "$(rootpath :sweep)",
                "$(rootpath :run)",
                "$(rootpath %s)" % sweep,
                "%d/%d" % (i + 1, points),
            ],
            data = [
                ":run",
                ":specs",
                ":sweep",
                sweep,
            ],
            tags = [
                "manual",
                "sweep",
            ],
        )
    native.test_suite(
        name = name + "_points",
        tags = ["manual"],
        tests = [":" + test for test in tests],
    )
