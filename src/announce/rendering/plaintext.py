"""A Markdown tree as plain text that reads well in a monospace font, without hard wraps."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode
from mdit_py_cjk_friendly import is_cjk

from announce.rendering.document import (
    Writer,
    caption_of,
    children,
    is_qr,
    is_visible,
    joins,
    plain,
)
from announce.rendering.markers import indent, place_in_shown_address

_RULE = "─" * 24
_BULLETS = ("•", "–", "·")


class TextWriter(Writer):
    """Plain text; every block is a list of lines, blocks are joined by empty ones."""

    depth = 0

    def write(self, tree: SyntaxTreeNode) -> str:
        """The document as text."""
        return self._blocks(tree.children).strip("\n")

    def _blocks(self, nodes: Sequence[SyntaxTreeNode], between: str = "\n\n") -> str:
        return between.join(self.one(node) for node in nodes)

    def on_paragraph(self, node: SyntaxTreeNode) -> str:
        return self.inside(node)

    def on_heading(self, node: SyntaxTreeNode) -> str:
        sign = "■" if node.tag in ("h1", "h2") else "▪"
        air = "\n" if node.tag in ("h1", "h2") and node.previous_sibling else ""
        return f"{air}{sign} {self.inside(node)}"

    def on_bullet_list(self, node: SyntaxTreeNode) -> str:
        sign = _BULLETS[min(self.depth, len(_BULLETS) - 1)]
        return self._list(node, [f"{sign} "] * len(node.children))

    def on_ordered_list(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        last = f"{first + len(node.children) - 1}. "
        signs = [f"{first + n}. ".ljust(len(last)) for n in range(len(node.children))]
        return self._list(node, signs)

    def _list(self, node: SyntaxTreeNode, signs: Sequence[str]) -> str:
        self.depth += 1
        tight = any(child.hidden for item in node.children for child in item.children)
        items = [
            _hanging(self._blocks(item.children, "\n" if tight else "\n\n"), sign)
            for item, sign in zip(node.children, signs, strict=True)
        ]
        self.depth -= 1
        return ("\n" if tight else "\n\n").join(items)

    def on_blockquote(self, node: SyntaxTreeNode) -> str:
        return _prefixed(self._blocks(node.children), "> ")

    def on_box(self, node: SyntaxTreeNode) -> str:
        self.box(node)
        return self._blocks(node.children)

    def on_fence(self, node: SyntaxTreeNode) -> str:
        return _prefixed(node.content.rstrip(), "    ")

    def on_hr(self, _node: SyntaxTreeNode) -> str:
        return _RULE

    def on_table(self, node: SyntaxTreeNode) -> str:
        rows = [row for part in children(node, "tbody") for row in part.children]
        names = [self.inside(cell) for cell in node.children[0].children[0].children]
        between = "\n" if len(names) <= 2 else "\n\n"
        return between.join(self._row(row, names) for row in rows)

    def _row(self, row: SyntaxTreeNode, names: Sequence[str]) -> str:
        """`first: second`; of wider tables the first cell, then a line `column: cell` each."""
        cells = [self.inside(cell) for cell in row.children]
        if len(cells) <= 2:
            return self._colon().join(cell for cell in cells if cell)
        told = [
            f"{name}{self._colon()}{cell}" if name else cell
            for name, cell in zip(names[1:], cells[1:], strict=True)
            if cell
        ]
        return _hanging("\n".join([cells[0], *told]), "• ")

    def _colon(self) -> str:
        return "：" if self.language == "zh" else ": "

    def on_inline(self, node: SyntaxTreeNode) -> str:
        return self.inside(node)

    def on_text(self, node: SyntaxTreeNode) -> str:
        return node.content

    def on_softbreak(self, node: SyntaxTreeNode) -> str:
        return "" if joins(node) else " "

    def on_hardbreak(self, _node: SyntaxTreeNode) -> str:
        return "\n"

    on_strong = on_em = on_s = on_inline

    def on_code_inline(self, node: SyntaxTreeNode) -> str:
        return node.content

    def on_link(self, node: SyntaxTreeNode) -> str:
        url, text = self.href(node), self.inside(node)
        if is_visible(node, url):
            # Mail readers take a full stop of Chinese right behind it into the address.
            return f"{text} " if _meets_chinese(node) else text
        shown = place_in_shown_address(url.removeprefix("mailto:"))
        # At the end of its line the address stands free; within it, it is set off.
        return f"{text} ({shown})" if _continues(node) else f"{text}{self._colon()}{shown}"

    def on_image(self, node: SyntaxTreeNode) -> str:
        self.picture(node)
        caption, text = caption_of(node), plain(node)
        if is_qr(node):  # who reads plain text follows the address itself
            return f"{caption}{self._colon()}{text}" if caption else text
        text = caption or text
        if not text:
            return ""
        return f"[图：{text}]" if self.language == "zh" else f"[Picture: {text}]"


def _continues(node: SyntaxTreeNode) -> bool:
    following = node.next_sibling
    if following is None or following.type in ("softbreak", "hardbreak"):
        return node.parent is not None and node.parent.type != "inline"
    return True


def _meets_chinese(node: SyntaxTreeNode) -> bool:
    following = node.next_sibling
    return following is not None and is_cjk(plain(following)[:1])


def _prefixed(text: str, prefix: str) -> str:
    """Every line after a prefix, the further lines of values too."""
    lines = (prefix + indent(line, prefix) for line in text.split("\n"))
    return "\n".join(line.rstrip() for line in lines)


def _hanging(text: str, sign: str) -> str:
    """A sign before the first line, and the rest set under it."""
    first, *rest = text.split("\n")
    blank = " " * len(sign)
    lines = (blank + indent(line, blank) if line else "" for line in rest)
    return "\n".join([sign + indent(first, blank), *lines])
