"""A Markdown tree as the HTML of a mail: semantic elements, looks left to the layout's CSS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from markdown_it.tree import SyntaxTreeNode
from mdit_py_cjk_friendly import is_cjk

from announce.model.languages import Language
from announce.problems import did_you_mean
from announce.rendering.boxes import BOXES
from announce.rendering.faults import TemplateTrouble
from announce.rendering.markers import (
    CLOSE,
    MARKER,
    OPEN,
    escape_attribute,
    escape_text,
    is_link,
    is_weixin,
    place_in_address,
    place_in_attribute,
)
from announce.rendering.qr import qr_address
from announce.texts import say

PICTURE = "picture:"


class Writer:
    """Walks a tree: one method a node type, named after it.

    `pictures` names the campaign's; those that the document shows are gathered in `used`.
    Raises TemplateTrouble for a picture that is not there and for a link that leads nowhere.
    """

    def __init__(self, language: Language, pictures: Collection[str]) -> None:
        self.language = language
        self.pictures = pictures
        self.used: list[str] = []

    def write(self, tree: SyntaxTreeNode) -> str:
        """The whole document."""
        raise NotImplementedError

    def one(self, node: SyntaxTreeNode) -> str:
        """One node."""
        method: Callable[[SyntaxTreeNode], str] = getattr(self, f"on_{node.type}")
        return method(node)

    def inside(self, node: SyntaxTreeNode) -> str:
        """All that a node holds."""
        return "".join(self.one(child) for child in node.children)

    def picture(self, node: SyntaxTreeNode) -> str:
        """The name of the picture that an image shows: the campaign's, or a QR picture's."""
        name = str(node.attrs["src"])
        if name not in self.pictures and qr_address(name) is None:
            raise _unknown_picture(name, self.pictures)
        if name not in self.used:
            self.used.append(name)
        return name

    def box(self, node: SyntaxTreeNode) -> str:
        """The name of a box, checked."""
        name = node.info
        if name not in BOXES:
            what = say('there is no box "{name}"', name=name)
            known = say("known here: {names}", names=", ".join(BOXES))
            raise TemplateTrouble("template-box", what, known, near=name)
        if not node.meta["closed"]:
            what = say('the box "{name}" does not end', name=name)
            raise TemplateTrouble("template-box", what, say("close it with a line :::"), near=name)
        return name

    def href(self, node: SyntaxTreeNode) -> str:
        """A link's address, checked: http, https or mailto, in words or as a value."""
        url = str(node.attrs["href"])
        marked = MARKER.match(url)
        if not (marked[1] in "uw" if marked else is_link(MARKER.sub("x@x", url))):
            raise _no_address(url)
        return url


def _unknown_picture(name: str, known: Collection[str]) -> TemplateTrouble:
    if MARKER.search(name):
        return TemplateTrouble(
            "picture-unknown",
            say("the name of a picture is a value"),
            say("write the name itself: ![…](name)"),
        )
    return TemplateTrouble(
        "picture-unknown",
        say('the campaign has no picture "{name}"', name=name),
        did_you_mean(name, known) or say("name it under pictures: in the campaign's file"),
        near=f"]({name}",
    )


def _no_address(url: str) -> TemplateTrouble:
    shown = MARKER.sub("…", url)
    return TemplateTrouble(
        "link-address",
        say('"{url}" is no address that a reader can follow', url=shown),
        say("write it whole, with https:// or mailto:"),
        near=f"]({MARKER.split(url)[0]}",
    )


def is_visible(node: SyntaxTreeNode, url: str) -> bool:
    """Whether a link's text already is its address."""
    text = plain(node)
    return text == url or f"mailto:{text}" == url or _autolinked(node)


def _autolinked(node: SyntaxTreeNode) -> bool:
    return node.nester_tokens is not None and node.nester_tokens.opening.info == "auto"


def plain(node: SyntaxTreeNode) -> str:
    """The text of a node, without its markup."""
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(plain(child) for child in node.children)


def joins(node: SyntaxTreeNode) -> bool:
    """Whether a line break stands between Chinese characters, where no space belongs.

    A value counts as Chinese beside a Chinese character.
    """
    before, after = node.previous_sibling, node.next_sibling
    left = plain(before)[-1:] if before else ""
    right = plain(after)[:1] if after else ""
    return (is_cjk(left) and (is_cjk(right) or right == OPEN)) or (left == CLOSE and is_cjk(right))


class MailWriter(Writer):
    """HTML for mails."""

    def write(self, tree: SyntaxTreeNode) -> str:
        """The document as a fragment of HTML."""
        return self.inside(tree).strip()

    def on_paragraph(self, node: SyntaxTreeNode) -> str:
        if node.hidden:  # in a list without blank lines
            return self.inside(node)
        return f"<p>{self.inside(node)}</p>\n"

    def on_heading(self, node: SyntaxTreeNode) -> str:
        return f"<{node.tag}>{self.inside(node)}</{node.tag}>\n"

    def on_bullet_list(self, node: SyntaxTreeNode) -> str:
        return f"<ul>\n{self.inside(node)}</ul>\n"

    def on_ordered_list(self, node: SyntaxTreeNode) -> str:
        start = node.attrs.get("start", 1)
        first = f' start="{start}"' if start != 1 else ""
        return f"<ol{first}>\n{self.inside(node)}</ol>\n"

    def on_list_item(self, node: SyntaxTreeNode) -> str:
        return f"<li>{self.inside(node).rstrip()}</li>\n"

    def on_blockquote(self, node: SyntaxTreeNode) -> str:
        return f"<blockquote>\n{self.inside(node)}</blockquote>\n"

    def on_box(self, node: SyntaxTreeNode) -> str:
        return f'<div class="box {self.box(node)}">\n{self.inside(node)}</div>\n'

    def on_fence(self, node: SyntaxTreeNode) -> str:
        return f"<pre><code>{escape_text(node.content.rstrip())}</code></pre>\n"

    def on_hr(self, _node: SyntaxTreeNode) -> str:
        return "<hr>\n"

    def on_table(self, node: SyntaxTreeNode) -> str:
        return f'<table class="data">\n{self.inside(node)}</table>\n'

    def on_thead(self, node: SyntaxTreeNode) -> str:
        cells = node.children[0].children
        told = [cell for cell in cells if plain(cell)]
        if not told:  # a table of names and values needs no heads
            return ""
        if told == cells[:1]:  # one head over all columns
            head = f'<th scope="colgroup" colspan="{len(cells)}">{self.inside(cells[0])}</th>'
            return f"<thead><tr>{head}</tr></thead>\n"
        return f"<thead>{self.inside(node)}</thead>\n"

    def on_tbody(self, node: SyntaxTreeNode) -> str:
        return f"<tbody>{self.inside(node)}</tbody>\n"

    def on_tr(self, node: SyntaxTreeNode) -> str:
        return f"<tr>{self.inside(node)}</tr>"

    def on_th(self, node: SyntaxTreeNode) -> str:
        return f'<th scope="col"{_alignment(node)}>{self.inside(node)}</th>'

    def on_td(self, node: SyntaxTreeNode) -> str:
        return f"<td{_alignment(node)}>{self.inside(node)}</td>"

    def on_inline(self, node: SyntaxTreeNode) -> str:
        return self.inside(node)

    def on_text(self, node: SyntaxTreeNode) -> str:
        return escape_text(node.content)

    def on_softbreak(self, node: SyntaxTreeNode) -> str:
        return "" if joins(node) else "\n"

    def on_hardbreak(self, _node: SyntaxTreeNode) -> str:
        return "<br>"

    def on_strong(self, node: SyntaxTreeNode) -> str:
        return f"<strong>{self.inside(node)}</strong>"

    def on_em(self, node: SyntaxTreeNode) -> str:
        return f"<em>{self.inside(node)}</em>"

    def on_s(self, node: SyntaxTreeNode) -> str:
        return f"<s>{self.inside(node)}</s>"

    def on_code_inline(self, node: SyntaxTreeNode) -> str:
        return f"<code>{escape_text(node.content)}</code>"

    def on_link(self, node: SyntaxTreeNode) -> str:
        url = self.href(node)
        kind = ' class="url"' if is_visible(node, url) else ""
        return f'<a href="{place_in_address(url)}"{kind}>{self.inside(node)}</a>'

    def on_image(self, node: SyntaxTreeNode) -> str:
        caption = caption_of(node)
        below = f'<span class="caption">{escape_text(caption)}</span>' if caption else ""
        return self.img(node, ' class="qr" width="180" height="180"') + below

    def img(self, node: SyntaxTreeNode, looks_of_qr: str) -> str:
        """The picture alone; one that is a QR picture has more attributes."""
        name = self.picture(node)
        source, looks = escape_attribute(PICTURE + name), looks_of_qr if is_qr(node) else ""
        return f'<img src="{source}" alt="{place_in_attribute(plain(node))}"{looks}>'


def _alignment(node: SyntaxTreeNode) -> str:
    style = node.attrs.get("style")  # "text-align:right", from the table's second line
    return f' align="{str(style).partition(":")[2]}"' if style else ""


def caption_of(node: SyntaxTreeNode) -> str:
    """What stands below a picture: its title in Markdown, "" where it has none."""
    return str(node.attrs.get("title", "")).strip()


def is_qr(node: SyntaxTreeNode) -> bool:
    """Whether an image is a QR picture."""
    return qr_address(str(node.attrs["src"])) is not None


def may_follow_in_weixin(url: str) -> bool:
    """Whether an article can keep this link: only those to other articles survive."""
    marked = MARKER.match(url)
    return marked[1] == "w" if marked else is_weixin(url)


def children(node: SyntaxTreeNode, kind: str) -> Sequence[SyntaxTreeNode]:
    """The children of one type."""
    return [child for child in node.children if child.type == kind]
