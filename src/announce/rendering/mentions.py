"""Whether the text of a template says a fact, by itself or as part of a greater one.

Judged by the text alone: what a condition or a recipient's row keeps out of a message counts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Environment, TemplateError, nodes

# The steps of `facts.deadlines.submission`, its variable first; None where one is worked out.
_Way = tuple[str | None, ...]


def mentions(template: str, name: str, way: Sequence[str] = ()) -> bool:
    """Whether a template uses the variable `name`, as far as it leads to what lies that way
    (`facts`, deadlines, submission: also where it takes `facts.deadlines` as a whole). True for
    one that cannot be read."""
    used = _used(template)
    if used is None:
        return True
    wanted = (name, *way)
    return any(
        all(step in (None, part) for step, part in zip(steps, wanted, strict=False))
        for steps in used
    )


@lru_cache(maxsize=64)
def _used(template: str) -> frozenset[_Way] | None:
    """What a template uses; None for one that cannot be read."""
    try:
        tree = Environment(autoescape=True).parse(template)
    except TemplateError:
        return None
    links: list[nodes.Getattr | nodes.Getitem] = [
        *tree.find_all(nodes.Getattr),
        *tree.find_all(nodes.Getitem),
    ]
    inner = {id(node.node) for node in links}
    whole = [node for node in (*links, *tree.find_all(nodes.Name)) if id(node) not in inner]
    return frozenset(way for node in whole if (way := _way(node)))


def _way(node: nodes.Node) -> _Way:
    steps: list[str | None] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        steps.append(node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg))
        node = node.node
    return (node.name, *reversed(steps)) if isinstance(node, nodes.Name) else ()


def _constant(node: nodes.Node) -> str | None:
    """A key that stands there; None for one that is worked out."""
    return str(node.value) if isinstance(node, nodes.Const) else None
