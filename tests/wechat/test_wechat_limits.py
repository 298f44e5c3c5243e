"""What the platform would refuse is found before sending, with figure and limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from wechat_support import JPEG, PNG

from announce.channels.wechat.limits import check, media_type
from announce.model.message import Article, Blob
from announce.problems import Place

MIB = 2**20
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
        (19_999, []),
        (20_000, [("wechat-content-long", "warning")]),
        (MIB - 1, [("wechat-content-long", "warning")]),
        (MIB, [("wechat-content-large", "error")]),
    ],
)
def test_long_content_is_a_doubt_and_a_huge_one_a_fault(
    bare: Article, size: int, expected: list[tuple[str, str]]
) -> None:
    """Lengths are those of the HTML."""
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
