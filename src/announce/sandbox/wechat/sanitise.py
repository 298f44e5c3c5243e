"""What the platform makes of an article's HTML when it stores it.

After round trips of draft/add and draft/get that users published in September 2026; there is
no official list. In doubt this takes more away than the platform may, never less.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from lxml import etree, html


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_REMOVED = _tags(
    "script style link meta base form input button select textarea label object embed applet"
    " head title foreignobject template noscript"
)
_SHELLS = _tags("iframe video audio source")
_KEPT = _SHELLS | _tags(
    "section p span h1 h2 h3 h4 h5 h6 strong b em i u s del blockquote ul ol li table thead"
    " tbody tfoot tr td th caption colgroup col figure figcaption mark small sub sup br hr pre"
    " code header footer aside article nav main font center img a div dl dt dd abbr cite q ins"
    " svg g path rect circle ellipse line polyline polygon text tspan animate animatetransform set"
)
_BLOCKS = _tags(
    "section p h1 h2 h3 h4 h5 h6 blockquote ul ol table figure pre header footer aside article"
    " div hr dl nav main center"
)
_PICTURE_HOSTS = frozenset({"mmbiz.qpic.cn", "mmbiz.qlogo.cn"})
_LINK_HOST = "mp.weixin.qq.com"

_STYLE = re.compile(r"(\sstyle\s*=\s*)(\"[^\"]*\"|'[^']*')", re.I)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.I)
_POSITION = re.compile(r"\Aposition\s*:\s*(?:relative|absolute|fixed|sticky)\b", re.I)
_COLOUR = re.compile(r"\A((?:background-)?color\s*:\s*)#([0-9a-f]{3}|[0-9a-f]{6})\b", re.I)
_SIZE = re.compile(r"/\d+(?=\Z|\?)")
# Stand for quotes within a style until it is written: lxml would choose its own escapes.
_QUOTES = {"'": "\ufdd2", '"': "\ufdd3"}
_ESCAPES = {"\ufdd2": "&#39;", "\ufdd3": "&quot;"}
_FIRST_WORDS = 54


def sanitise(content: str) -> str:
    """The content as draft/get will give it back."""
    root = _parse(_STYLE.sub(_empty_escaped, content))
    for element in list(root.iterdescendants()):
        if not isinstance(element.tag, str):
            _drop(element)  # comments and processing instructions
        elif element.tag.lower() in _REMOVED:
            _drop(element)
    for element in reversed(list(root.iterdescendants())):
        _clean(element)
    return _written(root)


def first_words(content: str) -> str:
    """The digest that an article without one gets: the first 54 characters of its text."""
    text = "".join(str(piece) for piece in _parse(content).itertext())
    return " ".join(text.split())[:_FIRST_WORDS]


def _parse(content: str) -> html.HtmlElement:
    return html.fragment_fromstring(content, create_parent="section")


def _written(root: html.HtmlElement) -> str:
    for element in root.iterdescendants():
        if style := element.get("style"):
            element.set("style", "".join(_QUOTES.get(letter, letter) for letter in style))
    pieces = [escape(root.text or "", quote=False)]
    pieces += [html.tostring(child, encoding="unicode") for child in root]
    return "".join(_ESCAPES.get(letter, letter) for letter in "".join(pieces))


def _empty_escaped(match: re.Match[str]) -> str:
    # A style that arrives with entities is emptied as a whole.
    return f'{match[1]}""' if _ENTITY.search(match[2]) else match[0]


def _clean(element: html.HtmlElement) -> None:
    tag = str(element.tag).lower()
    _clean_attributes(element, tag)
    if tag == "img":
        _clean_picture(element)
    elif tag == "a":
        if urlsplit(element.get("href", "")).hostname != _LINK_HOST:
            element.drop_tag()
    elif tag == "div" and any(str(child.tag).lower() in _BLOCKS for child in element):
        _dissolve(element)
    elif tag not in _KEPT:
        element.drop_tag()


def _clean_attributes(element: html.HtmlElement, tag: str) -> None:
    for name in list(element.attrib):
        lowered = str(name).lower()
        if lowered == "id" or lowered.startswith("on") or (tag in _SHELLS and "src" in lowered):
            del element.attrib[name]
    if "style" in element.attrib:
        _clean_style(element, tag)


def _clean_style(element: html.HtmlElement, tag: str) -> None:
    if tag == "code":
        del element.attrib["style"]
        return
    if not (style := element.get("style")):
        return
    rules = [rule.strip() for rule in style.split(";")]
    kept = [_COLOUR.sub(_as_rgb, rule) for rule in rules if rule and not _POSITION.match(rule)]
    element.set("style", "; ".join(kept) + (";" if kept else ""))


def _as_rgb(match: re.Match[str]) -> str:
    digits = match[2] if len(match[2]) == 6 else "".join(digit * 2 for digit in match[2])
    red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    return f"{match[1]}rgb({red}, {green}, {blue})"


def _clean_picture(element: html.HtmlElement) -> None:
    url = element.get("src") or element.get("data-src") or ""
    if urlsplit(url).hostname not in _PICTURE_HOSTS:
        _drop(element)
        return
    element.attrib.pop("src", None)
    element.set("data-src", _SIZE.sub("/640", url, count=1))


def _dissolve(element: html.HtmlElement) -> None:
    """Replace a div by its children, loose text in paragraphs, its style lost."""
    pieces: list[html.HtmlElement] = []
    loose: html.HtmlElement | None = None

    def loosely() -> html.HtmlElement:
        nonlocal loose
        if loose is None:
            loose = html.Element("p")
            pieces.append(loose)
        return loose

    if (element.text or "").strip():
        loosely().text = element.text
    for child in list(element):
        tail, child.tail = child.tail, None
        if str(child.tag).lower() in _BLOCKS:
            loose = None
            pieces.append(child)
        else:
            loosely().append(child)
        if (tail or "").strip():
            _add_text(loosely(), tail or "")
    _replace(element, pieces)


def _add_text(paragraph: html.HtmlElement, text: str) -> None:
    if len(paragraph):
        paragraph[-1].tail = (paragraph[-1].tail or "") + text
    else:
        paragraph.text = (paragraph.text or "") + text


def _replace(element: html.HtmlElement, pieces: list[html.HtmlElement]) -> None:
    parent = element.getparent()
    assert parent is not None  # the wrapping section is never a div
    place = parent.index(element)
    tail, element.tail = element.tail, None
    parent[place : place + 1] = pieces
    if tail:
        pieces[-1].tail = tail


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return  # within something that is dropped already
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)
