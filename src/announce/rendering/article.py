"""A Markdown tree as the HTML of an article: what the official account keeps, and no more.

No div, no id, no list elements (nested ones get bullets of their own), no links but those to
other articles: an address that its text hides becomes a numbered note at the end. Classes and
inner spans are for the theme, which is inlined.
"""

from __future__ import annotations

from markdown_it.tree import SyntaxTreeNode

from announce.rendering.document import (
    MailWriter,
    caption_of,
    is_qr,
    is_visible,
    may_follow_in_weixin,
    plain,
)
from announce.rendering.markers import escape_text, place_in_shown_address

_LINKS = {"zh": "参考链接", "en": "Links"}
_BULLETS = ("•", "◦", "▪")


class ArticleWriter(MailWriter):
    """HTML for articles."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.notes: list[str] = []
        self.depth = 0

    def write(self, tree: SyntaxTreeNode) -> str:
        """The document as a fragment of HTML, with its notes."""
        return f"{self.inside(tree)}{self._written_notes()}".strip()

    def _written_notes(self) -> str:
        if not self.notes:
            return ""
        lines = "".join(
            f'<p class="reference"><span class="number">[{number}]</span> '
            f'<span class="url">{escape_text(url)}</span></p>\n'
            for number, url in enumerate(self.notes, 1)
        )
        title = f'<p class="notes-title">{_LINKS[self.language]}</p>\n'
        return f'<section class="notes">\n{title}{lines}</section>\n'

    def on_heading(self, node: SyntaxTreeNode) -> str:
        # The article's own title stands above it.
        tag = "h2" if node.tag in ("h1", "h2") else "h3"
        return f'<{tag}><span class="words">{self.inside(node)}</span></{tag}>\n'

    def on_bullet_list(self, node: SyntaxTreeNode) -> str:
        sign = _BULLETS[min(self.depth, len(_BULLETS) - 1)]
        return self._list(node, [sign] * len(node.children))

    def on_ordered_list(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        return self._list(node, [f"{first + n}." for n in range(len(node.children))])

    def _list(self, node: SyntaxTreeNode, signs: list[str]) -> str:
        self.depth += 1
        items = zip(node.children, signs, strict=True)
        written = "".join(self._item(item, sign) for item, sign in items)
        self.depth -= 1
        kind = "list topics" if all(_is_topic(item) for item in node.children) else "list"
        return written if self.depth else f'<section class="{kind}">\n{written}</section>\n'

    def _item(self, node: SyntaxTreeNode, sign: str) -> str:
        level = f"item level{min(self.depth, 3)}"
        parts = []
        for number, child in enumerate(node.children):
            if child.type != "paragraph":
                parts.append(self.one(child))
                continue
            mark = f'<span class="bullet">{sign}</span> ' if not number else ""
            kind = level if not number else f"{level} more"
            parts.append(f'<p class="{kind}">{mark}{self.inside(child)}</p>\n')
        return "".join(parts)

    def on_paragraph(self, node: SyntaxTreeNode) -> str:
        shown = node.children[0].children
        if len(shown) == 1 and shown[0].type == "image":
            return self._figure(shown[0])
        return f"<p>{self.inside(node)}</p>\n"

    def _figure(self, node: SyntaxTreeNode) -> str:
        caption, kind = caption_of(node), "qr" if is_qr(node) else "picture"
        picture = self.img(node, "")
        if not caption:
            return f'<p class="{kind}">{picture}</p>\n'
        below = f"<figcaption>{escape_text(caption)}</figcaption>"
        return f'<figure class="{kind}">{picture}{below}</figure>\n'

    def on_image(self, node: SyntaxTreeNode) -> str:
        caption = caption_of(node)
        below = f'<span class="caption">{escape_text(caption)}</span>' if caption else ""
        return self.img(node, ' class="qr"') + below

    def on_box(self, node: SyntaxTreeNode) -> str:
        return f'<section class="box {self.box(node)}">\n{self.inside(node)}</section>\n'

    def on_fence(self, node: SyntaxTreeNode) -> str:
        lines = escape_text(node.content.rstrip()).replace("\n", "<br>")
        return f"<pre>{lines}</pre>\n"

    def on_table(self, node: SyntaxTreeNode) -> str:
        columns = len(node.children[0].children[0].children)
        kind = "table pairs" if columns == 2 else "table"  # what, and when
        return f'<section class="{kind}"><table>\n{self.inside(node)}</table></section>\n'

    def on_thead(self, node: SyntaxTreeNode) -> str:
        cells = node.children[0].children
        told = [cell for cell in cells if plain(cell)]
        if told and told == cells[:1]:  # one head over all columns
            head = f'<th colspan="{len(cells)}">{self.inside(cells[0])}</th>'
            return f"<thead><tr>{head}</tr></thead>\n"
        return super().on_thead(node)

    def on_th(self, node: SyntaxTreeNode) -> str:
        return f"<th{_aligned(node)}>{self.inside(node)}</th>"

    def on_td(self, node: SyntaxTreeNode) -> str:
        kind = "" if node.previous_sibling else ' class="first"'
        return f"<td{kind}{_aligned(node)}>{self.inside(node)}</td>"

    def on_code_inline(self, node: SyntaxTreeNode) -> str:
        return f'<span class="code">{escape_text(node.content)}</span>'

    def on_link(self, node: SyntaxTreeNode) -> str:
        url = self.href(node)
        if may_follow_in_weixin(url):
            return super().on_link(node)
        if is_visible(node, url):
            return f'<span class="url">{self.inside(node)}</span>'
        return f'<span class="link">{self.inside(node)}</span><sup>[{self._note(url)}]</sup>'

    def _note(self, url: str) -> int:
        url = place_in_shown_address(url.removeprefix("mailto:"))
        if url not in self.notes:
            self.notes.append(url)
        return self.notes.index(url) + 1


def _is_topic(item: SyntaxTreeNode) -> bool:
    """Whether a list's item begins with its name in bold: `1. **Open data:** what it is about`."""
    first = item.children[0] if item.children else None
    if first is None or first.type != "paragraph":
        return False
    # An empty text may stand before what is bold.
    told = [part for part in first.children[0].children if part.type != "text" or part.content]
    return bool(told) and told[0].type == "strong"


def _aligned(node: SyntaxTreeNode) -> str:
    # Attributes such as align are not known to survive; styles do.
    style = node.attrs.get("style")
    return f' style="{str(style).replace(":", ": ")}"' if style else ""
