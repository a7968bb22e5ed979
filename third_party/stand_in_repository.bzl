"""An external repository that is written here instead of being downloaded."""

def _stand_in_repository_impl(repository_ctx):
    files = dict(repository_ctx.attr.files)
    for path in repository_ctx.attr.files:
        package_build = (path.rpartition("/")[0] + "/BUILD").lstrip("/")
        if package_build not in files:
            files[package_build] = ""
    for path, content in files.items():
        repository_ctx.file(path, content, executable = False)

stand_in_repository = repository_rule(
    implementation = _stand_in_repository_impl,
    attrs = {
        "files": attr.string_dict(
            doc = "What each file holds, by its path in the repository.",
        ),
    },
    doc = "A repository with the given files; each folder becomes a package.",
)
