"""A draft as it was sent against a draft as the platform keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from announce.channels.wechat.readback import differences, same_words, shape_of

CONTENT = (
    '<section data-announce="0123" style="padding: 8px">'
    "<p style=\"color: #333; font-family: 'Songti SC'\">各位同仁： &amp; 朋友</p>"
    '<img src="http://mmbiz.qpic.cn/a/0?wx_fmt=png&amp;from=appmsg" style="width: 100%">'
    "</section>"
)
KEPT = (
    '<section data-announce="0123" style="padding: 8px;">'
    '<p style="color: rgb(51, 51, 51); font-family: &#39;Songti SC&#39;;">各位同仁： &amp; '
    "朋友</p>\n"
    '<img data-src="http://mmbiz.qpic.cn/a/640?wx_fmt=png" style="width: 100%;"/>'
    "</section>"
)


def article(**more: Any) -> dict[str, Any]:
    """An article as draft/add takes it."""
    base = {"title": "征稿 & 通知", "author": "组委会", "digest": "欢迎", "content": CONTENT}
    return {**base, "content_source_url": "https://example.org/?a=1&b=2", **more}


def test_known_changes_are_no_differences() -> None:
    """What the platform always rewrites is not told."""
    kept = article(
        content=KEPT,
        title="征稿 &amp; 通知",
        content_source_url="https://example.org/?a=1&amp;b=2",
    )
    assert differences(article(), kept) == []


def test_digest_of_the_platform_is_no_difference_where_none_was_given() -> None:
    """Without a digest it takes the first words."""
    assert differences(article(digest=""), article(digest="各位同仁")) == []


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"title": "征稿"}, ["the title is “征稿” instead of “征稿 & 通知”"]),
        ({"author": ""}, ["the author is “” instead of “组委会”"]),
        ({"digest": "欢"}, ["the digest is “欢” instead of “欢迎”"]),
        (
            {"content": KEPT.replace("color: rgb(51, 51, 51); font-family", "font-family")},
            ["style properties were taken out: color"],
        ),
        (
            {"content": KEPT.replace("padding: 8px;", "")},
            ["1 styles were emptied"],
        ),
        (
            {"content": KEPT.replace(' style="padding: 8px;"', "")},
            ["styled elements: 2 instead of 3"],
        ),
        (
            {"content": KEPT.replace("data-src", "data-was")},
            ["pictures: 0 instead of 1"],
        ),
        (
            {"content": KEPT.replace("<p ", "<span ").replace("</p>", "</span>")},
            ["<p>: 0 instead of 1", "<span>: 1 instead of 0"],
        ),
        (
            {"content": KEPT.replace("朋友", "同事")},
            ["the text differs from “朋友” on: the platform has “同事”"],
        ),
    ],
)
def test_difference_that_a_reader_would_notice_is_told(
    kept: dict[str, Any], told: list[str]
) -> None:
    """A sentence each."""
    assert differences(article(), article(**{"content": KEPT, **kept})) == told


def test_everything_gone_is_told_and_not_raised() -> None:
    """A reply without the article's parts is compared all the same."""
    assert differences(article(), {})[:2] == [
        "the title is “” instead of “征稿 & 通知”",
        "the author is “” instead of “组委会”",
    ]


def test_text_of_scripts_and_styles_is_not_read() -> None:
    """Only what a reader sees counts as text."""
    shape = shape_of("<style>p{}</style><p>a b</p><script>x()</script><p>c</p>")
    assert shape.text == "abc"


def test_same_words_needs_title_and_text() -> None:
    """Neither alone identifies an article."""
    assert same_words(article(), article(content=KEPT))
    assert not same_words(article(), article(content=KEPT, title="另一篇"))
    assert not same_words(article(), article(content=KEPT.replace("朋友", "同事")))
