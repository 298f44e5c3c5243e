"""Names that a template uses and nothing gives: all at once, without rendering anything.

What rendering finds is only the first; a template misspells more than one. This looks at plain
names and plain paths (`facts.deadlines.submission`) only: what is computed, guarded by
`is defined` or given a `default` is left to rendering.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from announce.problems import Place, Problem, did_you_mean
from announce.texts import say

_ASKING = ("defined", "undefined")
# What Jinja2 itself gives inside loops, macros and blocks.
_GIVEN = {"loop", "varargs", "kwargs", "caller", "self", "super"}


def unknown_names(
    tree: nodes.Template,
    *,
    file: str,
    known: Mapping[str, object],
    local: set[str],
    line: int | None = None,
) -> list[Problem]:
    """The unknown names of one parsed template or head value, each with its line.

    `known` maps names to what stands behind them; a mapping there is looked into, anything
    else is not. `local` are names that templates set themselves. `line` is that of a head
    value, whose own lines count from 1.
    """
    found = []
    guarded = _guarded(tree)
    for node in _uses(tree):
        path = _path(node)
        if any(path[: len(guard)] == guard for guard in guarded):
            continue
        if path[0] in local or path[0] in _GIVEN or path[0] in DEFAULT_NAMESPACE:
            continue
        if trouble := _missing(path, known):
            place = Place(file=file, line=line or node.lineno)
            message, hint = trouble
            found.append(
                Problem(code="template-undefined", place=place, message=message, hint=hint)
            )
    return list(dict.fromkeys(found))


def own_names_of(tree: nodes.Template) -> set[str]:
    """The names that a template sets itself, anywhere in it."""
    names = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    names |= {macro.name for macro in tree.find_all(nodes.Macro)}
    names |= {one.target for one in tree.find_all(nodes.Import)}
    for one in tree.find_all(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in one.names}
    return names


def _uses(node: nodes.Node) -> Iterator[nodes.Name | nodes.Getattr]:
    """The outermost plain paths below a node; guarded ones are passed over."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Test) and child.name in _ASKING:
            continue
        if isinstance(child, nodes.Filter) and child.name in ("default", "d"):
            continue
        if isinstance(child, nodes.Name | nodes.Getattr) and _path(child):
            if not (isinstance(child, nodes.Name) and child.ctx != "load"):
                yield child
        else:
            yield from _uses(child)


def _guarded(tree: nodes.Template) -> set[tuple[str, ...]]:
    """The paths that the template itself asks after (`is defined`)."""
    return {_path(one.node) for one in tree.find_all(nodes.Test) if one.name in _ASKING} - {()}


def _path(node: nodes.Node) -> tuple[str, ...]:
    """`facts.links.submit` as its parts; empty for anything that is not a plain path."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr) and (before := _path(node.node)):
        return (*before, node.attr)
    return ()


def _missing(path: tuple[str, ...], known: Mapping[str, object]) -> tuple[str, str] | None:
    """Message and hint where a path leads nowhere."""
    here: object = known
    for depth, part in enumerate(path):
        if not isinstance(here, Mapping):
            return None
        if part not in here:
            name = ".".join(path[: depth + 1])
            return say('"{name}" is undefined', name=name), did_you_mean(part, here)
        here = here[part]
    return None
