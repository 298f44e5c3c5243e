"""Messages of several articles, made covers, QR pictures and pictures made fit."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_wechat_compose import Rendered, campaign, line, project
from wechat_support import PNG

from announce.channels.wechat.compose import ArticleComposer
from announce.channels.wechat.fonts import FontTrouble, find_fonts
from announce.channels.wechat.limits import check
from announce.errors import InputError
from announce.model.message import Article
from announce.problems import Place
from announce.rendering.qr import qr_file, qr_name, qr_png

URL = "https://example.org/submit"


class Kinds(Rendered):
    """Words that tell language and kind."""

    def words(self, **asked: Any) -> Rendered:
        """The words of one article."""
        self.asked.append(asked)
        title = f"{asked['kind'] or 'cfp'} {asked['language']}"
        return replace(self, subject=title, asked=self.asked)


def compose(root: Path, rendered: Rendered, *, files: dict[str, bytes], **plan: Any) -> Article:
    """The message of a plan."""
    more = plan.pop("campaign", {})
    settings = plan.pop("settings", {})
    composer = ArticleComposer(
        project(root, **settings), campaign(**more), rendered, load=files.__getitem__
    )
    return composer.compose(line(**plan))


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A small file of so many pixels."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind)
    return out.getvalue()


@pytest.fixture
def has_font() -> None:
    """Covers are made with a font of this machine's."""
    try:
        find_fonts(None)
    except FontTrouble:
        pytest.skip("no font with Chinese characters")


def test_message_has_an_article_a_kind_and_language(tmp_path: Path) -> None:
    """The campaign's own first, each kind in all languages, without digests."""
    article = compose(
        tmp_path,
        Kinds(),
        files={"zh.png": PNG, "en.png": PNG, "r.png": PNG},
        language=["zh", "en"],
        cover={"zh": "zh.png", "en": "en.png"},
        author={"zh": "组委会", "en": "Chairs"},
        original_url="https://example.org/",
        comments="fans",
        also=[
            {"kind": "reviewers", "cover": "r.png", "author": "Reviews"},
            {"kind": "awards", "cover": "r.png", "original_url": {"zh": "https://a.cn/", "en": ""}},
        ],
    )

    assert [
        (one.title, one.language, one.cover.name, one.author, one.original_url, one.summary)
        for one in article.articles
    ] == [
        ("cfp zh", "zh", "zh.png", "组委会", "https://example.org/", ""),
        ("cfp en", "en", "en.png", "Chairs", "https://example.org/", ""),
        ("reviewers zh", "zh", "r.png", "Reviews", "https://example.org/", ""),
        ("reviewers en", "en", "r.png", "Reviews", "https://example.org/", ""),
        ("awards zh", "zh", "r.png", "组委会", "https://a.cn/", ""),
        ("awards en", "en", "r.png", "Chairs", "", ""),
    ]
    assert {one.comments for one in article.articles} == {"fans"}


def test_message_says_how_far_it_goes(tmp_path: Path) -> None:
    """To which followers, too."""
    article = compose(
        tmp_path, Rendered(), files={"a.png": PNG}, cover="a.png", deliver="mass", tag="reviewers"
    )
    assert (article.deliver, article.tag, article.seconds) == ("mass", "reviewers", ())


def test_qr_picture_comes_along_once(tmp_path: Path) -> None:
    """Under a name made of what it shows."""
    name = qr_name(URL)
    html = f'<p><img src="picture:{name}"><img src="picture:{name}" alt="x"></p>'
    article = compose(tmp_path, Rendered(html=html), files={"a.png": PNG}, cover="a.png")

    assert [(one.name, one.media_type, one.data) for one in article.pictures] == [
        (qr_file(URL), "image/png", qr_png(URL))
    ]
    assert article.html == html.replace(name, qr_file(URL))
    assert check(article, Place(file="x")) == []


@pytest.mark.usefixtures("has_font")
def test_cover_is_made_where_none_is_named(tmp_path: Path) -> None:
    """Of the template's lines, else of the title; it has its crops, and passes the limits."""
    own = compose(tmp_path, Rendered(article_cover=("征稿", "Papers")), files={}, cover=None)
    title = compose(tmp_path, Rendered(), files={}, cover=None)

    assert Image.open(io.BytesIO(own.cover.data)).size == (900, 383)
    assert own.crops == (("235_1", "0_0_1_1"), ("1_1", "0.287222_0_0.712778_1"))
    assert own.cover.data != title.cover.data
    assert (
        own.cover
        == compose(tmp_path, Rendered(article_cover=("征稿", "Papers")), files={}, cover=None).cover
    )
    assert check(own, Place(file="x")) == []


def test_font_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """As a problem of the campaign, with what to do."""
    (tmp_path / "my.ttf").write_bytes(b"no font")
    with pytest.raises(InputError) as caught:
        compose(tmp_path, Rendered(), files={}, cover=None, settings={"font": "my.ttf"})
    assert [(one.code, one.hint) for one in caught.value.problems] == [
        ("wechat-cover", "name a TTF, OTF or TTC file as wechat.font in announce.yaml")
    ]


def test_given_cover_is_cropped_in_its_middle(tmp_path: Path) -> None:
    """Where the platform would have to guess."""
    article = compose(tmp_path, Rendered(), files={"a.png": picture(1000, 1000)}, cover="a.png")
    assert article.crops == (("235_1", "0_0.287234_1_0.712766"), ("1_1", "0_0_1_1"))


def test_picture_made_fit_is_told_once(tmp_path: Path) -> None:
    """As a warning with figures; the message goes on."""
    html = '<p>a<img src="picture:map"></p>'
    files = {"a.png": PNG, "map.webp": picture(3000, 30, "WEBP")}
    composer = ArticleComposer(
        project(tmp_path), campaign(pictures={"map": "map.webp"}), Rendered(html=html),
        load=files.__getitem__,
    )  # fmt: skip
    article = composer.compose(line(cover="a.png"))
    told = composer.notices()

    assert [(one.code, one.severity.value) for one in told] == [
        ("wechat-picture-fitted", "warning")
    ]
    assert "WEBP" in told[0].message
    assert "PNG · 2160 × 22" in told[0].message
    assert (composer.notices(), check(article, Place(file="x"))) == ([], [])


@pytest.mark.parametrize(("url", "codes"), [(None, ["wechat-original-nowhere"]), (URL, [])])
def test_box_that_points_to_nothing_is_doubted(
    tmp_path: Path, url: str | None, codes: list[str]
) -> None:
    """Readers who are told to tap need something to tap; it is told once."""
    rendered = Rendered(points_to_original=True)
    composer = ArticleComposer(
        project(tmp_path), campaign(), rendered, load={"cover.png": PNG}.__getitem__
    )
    composer.compose(line(language="zh", cover="cover.png", original_url=url))
    assert [one.code for one in composer.notices()] == codes
    assert composer.notices() == []
