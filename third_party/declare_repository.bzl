"""Declares an external repository unless WORKSPACE has one of that name already."""

def declare_repository(rule, name, **attributes):
    """Calls a repository rule, except where its name is taken.

    Bazel itself would let the later declaration win.

    Args:
      rule: the repository rule.
      name: the repository's name.
      **attributes: the rule's attributes.
    """
    if not native.existing_rule(name):
        rule(name = name, **attributes)
