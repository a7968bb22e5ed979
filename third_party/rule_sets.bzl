"""Stand-ins for the rule sets that Bazel's own C++ and proto rules ask for.

Bazel has these rules built in up to version 7; what the ecosystem's `load` lines
name is only a door to them. Distributions' Bazel 4, which states no version of its
own, would download the doors; made here, nothing needs the network. Later releases
bring the rule sets that fit them.
"""

load("//third_party:declare_repository.bzl", "declare_repository")
load("//third_party:stand_in_repository.bzl", "stand_in_repository")

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_library",
]

_PROTO_RULES = ["proto_lang_toolchain", "proto_library"]

_JAVA_RULES = [
    "java_binary",
    "java_import",
    "java_library",
    "java_plugin",
    "java_proto_library",
    "java_runtime",
    "java_test",
    "java_toolchain",
]

def _doors(rules):
    return "".join(["%s = native.%s\n" % (rule, rule) for rule in rules])

def rule_set_repositories():
    """Declares @rules_cc, @rules_proto, @rules_java, @remote_coverage_tools."""
    major = (native.bazel_version or "").partition(".")[0]
    if major.isdigit() and int(major) > 4:
        return
    declare_repository(
        stand_in_repository,
        name = "rules_cc",
        files = {
            "cc/defs.bzl": _doors(_CC_RULES),
            "cc/find_cc_toolchain.bzl": "\n".join([
                'load("@bazel_tools//tools/cpp:toolchain_utils.bzl", ' +
                '_find_cpp_toolchain = "find_cpp_toolchain")',
                "find_cc_toolchain = _find_cpp_toolchain",
                "find_cpp_toolchain = _find_cpp_toolchain",
            ]),
        },
    )
    declare_repository(
        stand_in_repository,
        name = "rules_proto",
        files = {
            "proto/defs.bzl": _doors(_PROTO_RULES),
            "proto/repositories.bzl": "\n".join([
                "def rules_proto_dependencies():",
                "    pass",
                "def rules_proto_toolchains():",
                "    pass",
            ]),
        },
    )
    declare_repository(
        stand_in_repository,
        name = "rules_java",
        files = {"java/defs.bzl": _doors(_JAVA_RULES)},
    )

    # Every test names the coverage tools, but only `bazel coverage` runs them.
    declare_repository(
        stand_in_repository,
        name = "remote_coverage_tools",
        files = {
            "BUILD": "".join(["""
sh_binary(
    name = "%s",
    srcs = ["no_coverage.sh"],
    visibility = ["//visibility:public"],
)
""" % tool for tool in ["Main", "coverage_report_generator", "lcov_merger"]]),
            "no_coverage.sh": """#!/bin/sh
echo >&2 "bazel coverage: this workspace has no coverage tools"
exit 1
""",
        },
    )
