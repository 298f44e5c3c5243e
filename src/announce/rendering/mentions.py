"""Whether the text of a template says a fact, by itself or as part of a greater one.

Judged by the text alone: what a condition or a recipient's row keeps out of a message counts too.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, TemplateError, nodes


def mentions(template: str, name: str, way: Sequence[str] = ()) -> bool:
    """Whether a template uses the variable `name`, as far as it leads to what lies that way
    (`facts`, deadlines, submission: also where it takes `facts.deadlines` as a whole). True for
    one that cannot be read."""
    try:
        tree = Environment(autoescape=True).parse(template)
    except TemplateError:
        return True
    return any(_leads(node, name, way) for node in _chains(tree))


def _chains(tree: nodes.Node) -> list[nodes.Node]:
    """The outermost nodes of chains such as `facts.deadlines.submission`, and single names."""
    links: list[nodes.Getattr | nodes.Getitem] = [
        *tree.find_all(nodes.Getattr),
        *tree.find_all(nodes.Getitem),
    ]
    inner = {id(node.node) for node in links}
    return [node for node in (*links, *tree.find_all(nodes.Name)) if id(node) not in inner]


def _leads(node: nodes.Node, name: str, way: Sequence[str]) -> bool:
    steps: list[str | None] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        steps.append(node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg))
        node = node.node
    if not isinstance(node, nodes.Name) or node.name != name:
        return False
    return all(
        step is None or step == wanted
        for step, wanted in zip(reversed(steps), way, strict=False)
    )  # fmt: skip


def _constant(node: nodes.Node) -> str | None:
    """A key that stands there; None for one that is worked out."""
    return str(node.value) if isinstance(node, nodes.Const) else None
