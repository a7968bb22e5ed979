"""Declares every external repository of the workspace."""

load("//third_party:declare_repository.bzl", "declare_repository")
load("//third_party:rule_sets.bzl", "rule_set_repositories")
load(
    "//third_party:system_repository.bzl",
    "onednn_repository",
    "onnx_repository",
    "protobuf_repository",
    "system_repository",
)

# Abseil's label to its pkg-config module. Labels of versions later than the least
# one (log, crc) exist where the system's version has them.
_ABSEIL_LIBRARIES = {
    "absl/algorithm:algorithm": "absl_algorithm",
    "absl/algorithm:container": "absl_algorithm_container",
    "absl/base:base": "absl_base",
    "absl/base:config": "absl_config",
    "absl/base:core_headers": "absl_core_headers",
    "absl/base:endian": "absl_endian",
    "absl/base:log_severity": "absl_log_severity",
    "absl/base:no_destructor": "absl_no_destructor",
    "absl/base:nullability": "absl_nullability",
    "absl/base:prefetch": "absl_prefetch",
    "absl/cleanup:cleanup": "absl_cleanup",
    "absl/container:btree": "absl_btree",
    "absl/container:fixed_array": "absl_fixed_array",
    "absl/container:flat_hash_map": "absl_flat_hash_map",
    "absl/container:flat_hash_set": "absl_flat_hash_set",
    "absl/container:inlined_vector": "absl_inlined_vector",
    "absl/container:node_hash_map": "absl_node_hash_map",
    "absl/container:node_hash_set": "absl_node_hash_set",
    "absl/crc:crc32c": "absl_crc32c",
    "absl/debugging:failure_signal_handler": "absl_failure_signal_handler",
    "absl/debugging:stacktrace": "absl_stacktrace",
    "absl/debugging:symbolize": "absl_symbolize",
    "absl/flags:commandlineflag": "absl_flags_commandlineflag",
    "absl/flags:config": "absl_flags_config",
    "absl/flags:flag": "absl_flags",
    "absl/flags:marshalling": "absl_flags_marshalling",
    "absl/flags:parse": "absl_flags_parse",
    "absl/flags:reflection": "absl_flags_reflection",
    "absl/flags:usage": "absl_flags_usage",
    "absl/functional:any_invocable": "absl_any_invocable",
    "absl/functional:bind_front": "absl_bind_front",
    "absl/functional:function_ref": "absl_function_ref",
    "absl/hash:hash": "absl_hash",
    "absl/log:check": "absl_check",
    "absl/log:globals": "absl_log_globals",
    "absl/log:initialize": "absl_log_initialize",
    "absl/log:log": "absl_log",
    "absl/memory:memory": "absl_memory",
    "absl/meta:type_traits": "absl_type_traits",
    "absl/numeric:bits": "absl_bits",
    "absl/numeric:int128": "absl_int128",
    "absl/random:bit_gen_ref": "absl_random_bit_gen_ref",
    "absl/random:distributions": "absl_random_distributions",
    "absl/random:random": "absl_random_random",
    "absl/random:seed_sequences": "absl_random_seed_sequences",
    "absl/status:status": "absl_status",
    "absl/status:statusor": "absl_statusor",
    "absl/strings:cord": "absl_cord",
    "absl/strings:str_format": "absl_str_format",
    "absl/strings:strings": "absl_strings",
    "absl/synchronization:synchronization": "absl_synchronization",
    "absl/time:time": "absl_time",
    "absl/types:any": "absl_any",
    "absl/types:compare": "absl_compare",
    "absl/types:optional": "absl_optional",
    "absl/types:span": "absl_span",
    "absl/types:variant": "absl_variant",
    "absl/utility:utility": "absl_utility",
}

def tritlab_repositories():
    """Every repository that a load or a dependency names. Nothing is downloaded.

    Those that the WORKSPACE has declared before stay as they are.
    """
    rule_set_repositories()
    declare_repository(
        system_repository,
        name = "com_google_absl",
        apt_package = "libabsl-dev",
        libraries = _ABSEIL_LIBRARIES,
        minimum_version = "20220623",
        title = "Abseil",
        version_module = "absl_base",
    )
    declare_repository(
        system_repository,
        name = "com_google_googletest",
        apt_package = "libgtest-dev libgmock-dev",
        libraries = {
            ":gmock": "gmock",
            ":gtest": "gtest",
            ":gtest_main": "gmock_main",
        },
        minimum_version = "1.11",
        title = "GoogleTest",
        version_module = "gmock_main",
    )
    declare_repository(
        system_repository,
        name = "com_github_google_benchmark",
        apt_package = "libbenchmark-dev",
        libraries = {
            ":benchmark": "benchmark",
            ":benchmark_main": "benchmark",
        },
        linkopts = {":benchmark_main": ["-lbenchmark_main"]},
        minimum_version = "1.7",
        title = "Google Benchmark",
        version_module = "benchmark",
    )
    declare_repository(
        system_repository,
        name = "libjpeg_turbo",
        aliases = {":libjpeg_turbo": ":jpeg"},
        apt_package = "libjpeg-dev",
        libraries = {":jpeg": "libjpeg"},
        minimum_version = "2.0",
        title = "libjpeg-turbo",
        version_module = "libjpeg",
    )
    declare_repository(
        system_repository,
        name = "libarchive",
        apt_package = "libarchive-dev",
        libraries = {":libarchive": "libarchive"},
        minimum_version = "3.4",
        title = "libarchive",
        version_module = "libarchive",
    )
    declare_repository(
        system_repository,
        name = "zlib",
        apt_package = "zlib1g-dev",
        libraries = {":zlib": "zlib"},
        minimum_version = "1.2.11",
        title = "zlib",
        version_module = "zlib",
    )
    declare_repository(
        system_repository,
        name = "curl",
        apt_package = "libcurl4-openssl-dev",
        libraries = {":curl": "libcurl"},
        minimum_version = "7.85",
        title = "libcurl",
        version_module = "libcurl",
    )
    declare_repository(
        system_repository,
        name = "openssl",
        apt_package = "libssl-dev",
        libraries = {":crypto": "libcrypto"},
        minimum_version = "1.1.1",
        title = "OpenSSL",
        version_module = "libcrypto",
    )

    # Asked for only with --config=mpi: what is not needed is not looked for.
    declare_repository(
        system_repository,
        name = "mpi",
        apt_package = "libopenmpi-dev openmpi-bin",
        libraries = {":mpi": "mpi-c"},
        minimum_version = "3.1",
        title = "MPI",
        version_module = "mpi-c",
    )
    declare_repository(protobuf_repository, name = "com_google_protobuf")
    declare_repository(onnx_repository, name = "onnx")
    declare_repository(
        onednn_repository,
        name = "onednn",
        minimum_version = "3.1",
    )
