"""Repositories that stand for libraries which the system has installed.

Each one asks pkg-config where a library is, checks that it is new enough, and
offers it behind the label that the ecosystem uses for it. To take a library from
elsewhere, declare a repository of the same name ahead of it in WORKSPACE; no
BUILD file changes.
"""

_REMEDY = "run ./bazelw, which installs what is missing, or: apt-get install %s"

_LIBRARY = """
cc_library(
    name = "{name}",
    hdrs = {headers},
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
    deps = {deps},
)
"""

def _run(repository_ctx, arguments):
    result = repository_ctx.execute(arguments)
    return None if result.return_code else result.stdout.strip()

def _pkg_config(repository_ctx, arguments):
    program = repository_ctx.which("pkg-config")
    if not program:
        fail("pkg-config is missing: " + _REMEDY % "pkg-config")
    return _run(repository_ctx, [program] + arguments)

def _number(version):
    """The leading numbers of a version, comparable: "3.21.12" is [3, 21, 12]."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return numbers

def check_version(name, version, minimum, package):
    """Stops with one line if the library is missing or older than needed.

    Args:
      name: what the message calls the library.
      version: the version found; None if there is none.
      minimum: the least version that will do.
      package: the apt package that holds it.
    """
    if version == None:
        fail("%s is missing (version %s or later is needed): %s" %
             (name, minimum, _REMEDY % package))
    if _number(version) < _number(minimum):
        fail("%s %s is too old (version %s or later is needed): %s" %
             (name, version, minimum, _REMEDY % package))

def system_library(repository_ctx, name, module, deps = [], extra_linkopts = []):
    """One cc_library for one pkg-config module.

    Headers in a folder that the compiler does not search by itself are linked
    into the repository, so that they are found inside a sandbox too, and are
    included as system headers; libraries in such a folder get an rpath.

    Args:
      repository_ctx: the repository being made.
      name: the library's target name.
      module: the pkg-config module.
      deps: labels of other targets that the library needs.
      extra_linkopts: what the linker needs beside what pkg-config says.
    Returns:
      The text of the rule, or None where the module is not installed.
    """
    flags = _pkg_config(repository_ctx, ["--cflags", "--libs", module])
    if flags == None:
        return None
    defines = []
    includes = []
    linkopts = []
    for flag in [word for word in flags.split(" ") if word]:
        # Debian's folder for this processor, which the compiler searches by itself.
        if flag.startswith("-I/usr/include/") and flag.endswith("-linux-gnu"):
            continue
        if flag.startswith("-I"):
            link = "include_" + flag[2:].strip("/").replace("/", "_")
            if not repository_ctx.path(link).exists:
                repository_ctx.symlink(flag[2:], link)
            includes.append(link)
        elif flag.startswith("-D"):
            # Windows only; it would be a macro on every command line.
            if flag != "-DNOMINMAX":
                defines.append(flag[2:])
        elif flag.startswith("-L"):
            linkopts += [flag, "-Wl,-rpath," + flag[2:]]
        elif flag.startswith("-l") or flag.startswith("-Wl,"):
            linkopts.append(flag)
    headers = "glob([%s])" % ", ".join(
        ['"%s/**/*.h*"' % include for include in includes],
    ) if includes else "[]"
    return _LIBRARY.format(
        name = name,
        headers = headers,
        defines = defines,
        includes = includes,
        linkopts = linkopts + extra_linkopts,
        deps = deps,
    )

def _system_repository_impl(repository_ctx):
    attributes = repository_ctx.attr
    version = _pkg_config(
        repository_ctx,
        ["--modversion", attributes.version_module],
    )
    check_version(
        attributes.title,
        version,
        attributes.minimum_version,
        attributes.apt_package,
    )
    packages = {"": []}
    for label, module in attributes.libraries.items():
        package, _, name = label.partition(":")
        rule = system_library(
            repository_ctx,
            name,
            module,
            extra_linkopts = attributes.linkopts.get(label, []),
        )

        # A module that this version does not have leaves a label that does not
        # exist, which Bazel reports where it is used.
        if rule:
            packages.setdefault(package, []).append(rule)
    for label, actual in attributes.aliases.items():
        package, _, name = label.partition(":")
        packages.setdefault(package, []).append("""
alias(
    name = "{name}",
    actual = "{actual}",
    visibility = ["//visibility:public"],
)
""".format(name = name, actual = actual))
    for package, rules in packages.items():
        repository_ctx.file(
            (package + "/BUILD").lstrip("/"),
            "".join(rules),
            executable = False,
        )

# Read again whenever Bazel's server starts, for the system may have changed.
system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "title": attr.string(doc = "The library's name in messages."),
        "version_module": attr.string(
            doc = "The pkg-config module whose version counts.",
        ),
        "minimum_version": attr.string(),
        "apt_package": attr.string(doc = "Where the library is installed from."),
        "libraries": attr.string_dict(
            doc = "PACKAGE:TARGET in this repository to pkg-config module.",
        ),
        "linkopts": attr.string_list_dict(
            doc = "PACKAGE:TARGET to what to link beside the module's libraries.",
        ),
        "aliases": attr.string_dict(
            doc = "PACKAGE:TARGET to another label of this repository.",
        ),
    },
    environ = ["PKG_CONFIG_PATH"],
    local = True,
)

def _protobuf_repository_impl(repository_ctx):
    version = _pkg_config(repository_ctx, ["--modversion", "protobuf"])
    check_version("Protocol Buffers", version, "3.21", "libprotobuf-dev")
    compiler = repository_ctx.which("protoc")
    if not compiler:
        fail("protoc is missing: " + _REMEDY % "protobuf-compiler")
    include = _pkg_config(repository_ctx, ["--variable=includedir", "protobuf"])
    repository_ctx.symlink(compiler, "bin/protoc")

    # The .proto files that come with the library; the code for them is in it.
    well_known = {
        "any": [],
        "api": ["source_context", "type"],
        "descriptor": [],
        "duration": [],
        "empty": [],
        "field_mask": [],
        "source_context": [],
        "struct": [],
        "timestamp": [],
        "type": ["any", "source_context"],
        "wrappers": [],
    }
    rules = []
    for name, deps in well_known.items():
        path = "google/protobuf/%s.proto" % name
        repository_ctx.symlink(include + "/" + path, "src/" + path)
        rules.append("""
proto_library(
    name = "{name}_proto",
    srcs = ["src/{path}"],
    strip_import_prefix = "src",
    visibility = ["//visibility:public"],
    deps = {deps},
)
""".format(name = name, path = path, deps = [dep + "_proto" for dep in deps]))
    repository_ctx.file(
        "BUILD",
        system_library(repository_ctx, "protobuf", "protobuf") + "".join(rules) + """
sh_binary(
    name = "protoc",
    srcs = ["bin/protoc"],
    visibility = ["//visibility:public"],
)

proto_lang_toolchain(
    name = "cc_toolchain",
    blacklisted_protos = [{protos}],
    command_line = "--cpp_out=$(OUT)",
    runtime = ":protobuf",
    visibility = ["//visibility:public"],
)
""".format(
            protos = ", ".join(['":%s_proto"' % name for name in well_known]),
        ),
        executable = False,
    )

protobuf_repository = repository_rule(
    implementation = _protobuf_repository_impl,
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
)

def _onednn_version(repository_ctx, include):
    """The version that the headers in a folder state; None without headers."""
    header = repository_ctx.path(include + "/oneapi/dnnl/dnnl_version.h")
    if not header.exists:
        return None
    numbers = {}
    for line in repository_ctx.read(header).splitlines():
        words = [word for word in line.split(" ") if word]
        if len(words) == 3 and words[1].startswith("DNNL_VERSION_"):
            numbers[words[1][len("DNNL_VERSION_"):]] = words[2]
    return "{MAJOR}.{MINOR}.{PATCH}".format(**numbers)

def _onednn_repository_impl(repository_ctx):
    minimum = repository_ctx.attr.minimum_version
    environ = repository_ctx.os.environ
    cache = environ.get("TRITLAB_CACHE")
    if not cache:
        user_cache = environ.get("XDG_CACHE_HOME")
        if not user_cache:
            user_cache = environ.get("HOME", "/root") + "/.cache"
        cache = user_cache + "/tritlab"

    # The system's; then what ./bazelw has built, the newest first.
    prefixes = ["/usr/local", "/usr"]
    if repository_ctx.path(cache).exists:
        built = [
            (_number(entry.basename[len("onednn-"):]), str(entry))
            for entry in repository_ctx.path(cache).readdir()
            if entry.basename.startswith("onednn-")
        ]
        prefixes += [folder for _, folder in reversed(sorted(built))]

    best = None
    for prefix in prefixes:
        version = _onednn_version(repository_ctx, prefix + "/include")
        if version and (best == None or _number(version) > _number(best)):
            best = version
        if not version or _number(version) < _number(minimum):
            continue
        headers = "[]"
        includes = []
        linkopts = ["-ldnnl"]
        if prefix != "/usr":
            repository_ctx.symlink(prefix + "/include", "include")
            headers = 'glob(["include/**/*.h*"])'
            includes = ["include"]
            lib = prefix + "/lib"
            linkopts = ["-L" + lib, "-Wl,-rpath," + lib] + linkopts
        repository_ctx.file("BUILD", _LIBRARY.format(
            name = "onednn",
            headers = headers,
            defines = [],
            includes = includes,
            linkopts = linkopts,
            deps = [],
        ), executable = False)
        return
    check_version("oneDNN", best, minimum, "libdnnl-dev")

onednn_repository = repository_rule(
    implementation = _onednn_repository_impl,
    attrs = {"minimum_version": attr.string()},
    environ = ["HOME", "TRITLAB_CACHE", "XDG_CACHE_HOME"],
    local = True,
    doc = "@onednn, which has no pkg-config module.",
)

def _onnx_repository_impl(repository_ctx):
    for prefix in ["/usr/local", "/usr"]:
        proto = repository_ctx.path(prefix + "/include/onnx/onnx.proto")
        if not proto.exists:
            continue
        repository_ctx.symlink(proto, "onnx/onnx.proto")
        repository_ctx.file("BUILD", """
proto_library(
    name = "onnx_proto",
    srcs = ["onnx/onnx.proto"],
    visibility = ["//visibility:public"],
)

cc_proto_library(
    name = "onnx_cc_proto",
    visibility = ["//visibility:public"],
    deps = [":onnx_proto"],
)
""", executable = False)
        return
    fail("ONNX's onnx.proto is missing: " + _REMEDY % "libonnx-dev")

onnx_repository = repository_rule(
    implementation = _onnx_repository_impl,
    local = True,
    doc = "@onnx: the format alone, which has no pkg-config module.",
)
