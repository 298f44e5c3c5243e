"""What the platform would refuse is found before sending, with figure and limit."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from wechat_support import JPEG, PNG

from announce.channels.wechat.limits import check, figures, media_type
from announce.model.message import Article, Blob
from announce.problems import Place

MIB = 2**20
MARK = figures()["content"]["marker"]
PLACE = Place(file="campaigns/cfp.yaml", line=14)
GIF = b"GIF89a" + b"\0" * 50
WEBP = b"RIFF\0\0\0\0WEBP" + b"\0" * 50


def blob(data: bytes, name: str = "poster") -> Blob:
    """A picture whose declared kind is beside the point."""
    return Blob(name=name, media_type="image/png", data=data)


def codes(article: Article) -> list[tuple[str, str]]:
    """What is found, by code and severity."""
    return [(problem.code, problem.severity.value) for problem in check(article, PLACE)]


def test_sound_article_has_no_problem(article: Article) -> None:
    """The example passes."""
    assert check(article, PLACE) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": ""}, [("wechat-title-empty", "error")]),
        ({"title": "a" * 32}, []),
        ({"title": "a" * 33}, [("wechat-title-long", "error")]),
        ({"title": "征" * 21}, []),
        ({"title": "征" * 22}, [("wechat-title-bytes", "warning")]),
        ({"title": "征" * 33}, [("wechat-title-long", "error")]),
        ({"author": "x" * 16}, []),
        ({"author": "x" * 17}, [("wechat-author-long", "error")]),
        ({"author": "组" * 8}, []),
        ({"author": "组" * 9}, [("wechat-author-doubtful", "warning")]),
        ({"author": "SCI-FM " + "组" * 8}, []),
        ({"summary": "摘" * 120}, []),
        ({"summary": "摘" * 121}, [("wechat-digest-long", "error")]),
        ({"original_url": ""}, []),
        ({"original_url": "ftp://example.org/"}, [("wechat-original-url", "error")]),
        ({"original_url": "https://"}, [("wechat-original-url", "error")]),
        ({"original_url": "https://example.org/a b"}, [("wechat-original-url", "error")]),
        ({"original_url": "https://example.org/" + "a" * 1004}, []),
        ({"original_url": "https://example.org/" + "a" * 1005}, [("wechat-original-url", "error")]),
        ({"cover": blob(GIF)}, []),
        ({"cover": blob(WEBP)}, [("wechat-cover-kind", "error")]),
        ({"cover": blob(b"")}, [("wechat-cover-kind", "error")]),
        ({"cover": blob(PNG.ljust(10 * MIB, b"\0"))}, []),
        (
            {"cover": blob(PNG.ljust(10 * MIB + 1, b"\0"))},
            [("wechat-cover-large", "error")],
        ),
        ({"pictures": (blob(GIF),)}, [("wechat-picture-kind", "error")]),
        ({"pictures": (blob(PNG.ljust(MIB - 1, b"\0")),)}, []),
        (
            {"pictures": (blob(PNG.ljust(MIB, b"\0")),)},
            [("wechat-picture-large", "error")],
        ),
        ({"pictures": ()}, [("wechat-picture-missing", "error")]),
    ],
)
def test_figure_beyond_its_limit_is_found(
    article: Article, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Each limit holds exactly where the platform's does."""
    assert codes(replace(article, **change)) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (19_999 - MARK, []),
        (20_000 - MARK, [("wechat-content-long", "warning")]),
        (MIB - 1 - MARK, [("wechat-content-long", "warning")]),
        (MIB - MARK, [("wechat-content-large", "error")]),
    ],
)
def test_long_content_is_a_doubt_and_a_huge_one_a_fault(
    bare: Article, size: int, expected: list[tuple[str, str]]
) -> None:
    """Lengths are those of the HTML with the mark that it gets on its way."""
    assert codes(replace(bare, html="a" * size)) == expected


def test_empty_content_is_found(bare: Article) -> None:
    """Tags alone are no article."""
    assert codes(replace(bare, html="<section>\n</section>")) == [("wechat-content-empty", "error")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://example.org/a.png", [("wechat-picture-elsewhere", "error")]),
        ("cid:poster", [("wechat-picture-elsewhere", "error")]),
        ("data:image/png;base64,AAAA", [("wechat-picture-elsewhere", "error")]),
        ("http://mmbiz.qpic.cn/mmbiz_png/x/640?wx_fmt=png&amp;from=appmsg", []),
        ("https://mmbiz.qpic.cn.example.org/x", [("wechat-picture-elsewhere", "error")]),
    ],
)
def test_picture_from_elsewhere_is_found(
    bare: Article, source: str, expected: list[tuple[str, str]]
) -> None:
    """The platform keeps only pictures that were uploaded to it."""
    assert codes(replace(bare, html=f'<p>a<img alt="b" src="{source}"></p>')) == expected


def test_problem_names_place_figure_limit_and_mend(article: Article) -> None:
    """The text of a problem is enough to act on."""
    found = check(replace(article, title="Call for papers: " + "x" * 20), PLACE)
    assert [str(problem) for problem in found] == [
        "campaigns/cfp.yaml:14: the title has 37 characters, WeChat takes 32: "
        "“Call for papers: xxxxxxxxxxxxxxxxxxxx”\n"
        "    give the template a shorter title under article"
    ]


def test_all_problems_are_told_at_once(article: Article) -> None:
    """Nothing stops at the first."""
    bad = replace(
        article, title="x" * 40, summary="x" * 140, cover=blob(b"?"), pictures=(blob(GIF),)
    )
    assert [code for code, _ in codes(bad)] == [
        "wechat-title-long",
        "wechat-digest-long",
        "wechat-cover-kind",
        "wechat-picture-kind",
    ]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (b"BM" + b"\0" * 20, "image/bmp"),
        (WEBP, "image/webp"),
        (b"<svg/>", ""),
    ],
)
def test_kind_of_picture_is_seen_in_its_bytes(data: bytes, kind: str) -> None:
    """The name does not matter."""
    assert media_type(data) == kind


def sized(width: int, height: int, kind: str = "PNG") -> bytes:
    """A picture of so many pixels, and few bytes."""
    out = io.BytesIO()
    Image.new("1", (width, height)).convert("RGB").save(out, kind)
    return out.getvalue()


def moving() -> bytes:
    """A GIF of two pictures."""
    out = io.BytesIO()
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"cover": blob(sized(900, 383))}, []),
        ({"cover": blob(sized(899, 383))}, [("wechat-cover-small", "warning")]),
        ({"pictures": (blob(sized(10, 30_000)),)}, []),
        ({"pictures": (blob(sized(10, 30_001)),)}, [("wechat-picture-high", "error")]),
        ({"pictures": (blob(moving()),)}, [("wechat-picture-kind", "error")]),
        ({"original_url": "http://[x"}, [("wechat-original-url", "error")]),
    ],
)
def test_pixels_and_odd_values_are_looked_at(
    article: Article, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Sizes are read from the bytes."""
    assert codes(replace(article, **change)) == expected


def test_moving_picture_is_told_as_such(bare: Article) -> None:
    """With what to do instead."""
    found = check(replace(bare, pictures=(blob(moving()),)), PLACE)
    assert [(one.message, one.hint) for one in found] == [
        (
            "poster is an animated GIF, which WeChat does not take in the text of an article",
            "save one of its pictures as PNG or JPEG",
        )
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div><p>a</p></div>", [("wechat-tags", "error")]),
        ('<p style="animation: a 1s; color: red">a</p>', [("wechat-styles", "warning")]),
        ('<p>a<a href="https://example.org/">b</a></p>', [("wechat-link", "error")]),
        ('<p>a<a href="https://mp.weixin.qq.com/s/x">b</a></p>', []),
    ],
)
def test_what_would_not_survive_is_told(
    bare: Article, html: str, expected: list[tuple[str, str]]
) -> None:
    """Layouts and themes of the project's own can bring it in."""
    assert codes(replace(bare, html=html)) == expected


def test_content_counts_the_addresses_that_uploads_get(bare: Article) -> None:
    """A picture's name is short, its address on the platform is not."""
    limits = figures()["content"]
    words = "a" * (20_000 - MARK - limits["address"] - len('<img src="">'))
    shown = f'{words}<img src="picture:poster">'
    ready = replace(bare, pictures=(blob(PNG),))

    assert codes(replace(ready, html=shown)) == [("wechat-content-long", "warning")]
    assert codes(replace(ready, html=shown[1:])) == []


def test_problem_of_a_further_article_names_it(bare: Article) -> None:
    """Its number and language; a digest is asked of one that is alone only."""
    second = replace(bare, title="x" * 40, summary="y" * 200, language="en")
    found = check(replace(bare, summary="", seconds=(second,)), PLACE)

    assert [one.message for one in found] == [
        "article 2 (en): the title has 40 characters, WeChat takes 32: “" + "x" * 40 + "”"
    ]


@pytest.mark.parametrize(("more", "expected"), [(7, []), (8, [("wechat-articles-many", "error")])])
def test_message_has_eight_articles_at_most(
    bare: Article, more: int, expected: list[tuple[str, str]]
) -> None:
    """The first one counts too."""
    assert codes(replace(bare, seconds=(bare,) * more)) == expected
