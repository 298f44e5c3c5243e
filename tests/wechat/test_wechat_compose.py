"""An article from a campaign: titles, author, cover and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from wechat_support import JPEG, PNG

from announce.channels.wechat.compose import ArticleComposer
from announce.channels.wechat.limits import check
from announce.errors import InputError
from announce.model.campaign import ArticlePlan, Campaign
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.message import Article, Blob
from announce.model.plan import Planned
from announce.model.project import Project, Settings
from announce.problems import Place
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer


@dataclass
class Rendered:
    """Stands where rendering does: the words it gives, and what it was asked."""

    subject: str = "研讨会征稿"
    preheader: str = "截稿 2 月 10 日"
    article_title: str = ""
    article_digest: str = ""
    article_cover: tuple[str, ...] = ()
    html: str = "<section><p>各位同仁：</p></section>"
    points_to_original: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    def words(self, **asked: Any) -> Rendered:
        """The words of one language."""
        self.asked.append(asked)
        return self

    def article_html(self, words: Rendered, theme: str) -> str:
        """Their HTML."""
        return words.html.replace("THEME", theme)

    def cover_colours(self, theme: str) -> dict[str, str]:
        """The colours of covers that are made."""
        return {"background-color": "#ffffff"}


def project(root: Path, **wechat: Any) -> Project:
    """A project of invented people."""
    settings = Settings.model_validate(
        {
            "name": {"zh": "研讨会", "en": "Workshop"},
            "sender": {"name": "Chairs", "address": "chairs@example.org"},
            "wechat": wechat,
        }
    )
    return Project(root=root, settings=settings)


def campaign(**more: Any) -> Campaign:
    """A campaign by official account."""
    article = {"language": "zh", "cover": "assets/cover.png"}
    base = {"campaign": "cfp", "kind": "cfp", "title": "征稿", "wechat": [article]}
    return Campaign.model_validate({**base, **more})


def compose(root: Path, rendered: Rendered, *, plan: dict[str, Any], **more: Any) -> Article:
    """The article of one line, its files read from memory."""
    stored = {"assets/cover.png": PNG, "assets/海报.jpg": JPEG, "assets/poster.png": PNG}
    composer = ArticleComposer(
        project(root, **more.pop("wechat_settings", {})),
        campaign(**more),
        rendered,
        load=stored.__getitem__,
    )
    return composer.compose(line(**plan))


def line(**plan: Any) -> Planned:
    """A line of the plan with an article."""
    key = DeliveryKey("cfp", "reminder-7d", "wechat", "wx1:zh")
    article = {"language": "zh", "cover": "assets/cover.png", **plan}
    return Planned(
        delivery=Delivery(key=key, language="zh", to=("wx1",)),
        languages=("zh",),
        article=ArticlePlan.model_validate(article),
    )


def test_article_takes_subject_and_preheader(tmp_path: Path) -> None:
    """Without words of its own the article has those of the mail."""
    rendered = Rendered()
    article = compose(tmp_path, rendered, plan={"original_url": "https://example.org/cfp"})
    assert article == Article(
        language="zh",
        title="研讨会征稿",
        summary="截稿 2 月 10 日",
        author="",
        html="<section><p>各位同仁：</p></section>",
        original_url="https://example.org/cfp",
        cover=Blob(name="cover.png", media_type="image/png", data=PNG),
    )
    assert rendered.asked == [
        {
            "language": "zh",
            "channel": "wechat",
            "variant": None,
            "recipient": None,
            "kind": None,
        }
    ]


def test_article_prefers_words_of_its_own(tmp_path: Path) -> None:
    """`article` in the template's head wins."""
    rendered = Rendered(article_title="征稿", article_digest="欢迎")
    article = compose(tmp_path, rendered, plan={})
    assert (article.title, article.summary) == ("征稿", "欢迎")


@pytest.mark.parametrize(
    ("plan", "settings", "author"),
    [
        ({}, {}, ""),
        ({}, {"author": "组委会"}, "组委会"),
        ({}, {"author": {"zh": "组委会", "en": "Chairs"}}, "组委会"),
        ({"language": "en"}, {"author": {"zh": "组委会", "en": "Chairs"}}, "Chairs"),
        ({"author": "李明"}, {"author": "组委会"}, "李明"),
        ({"author": ""}, {"author": "组委会"}, ""),
    ],
)
def test_author_is_the_plans_else_the_settings(
    tmp_path: Path, plan: dict[str, Any], settings: dict[str, Any], author: str
) -> None:
    """The nearer one wins, an empty one too."""
    assert compose(tmp_path, Rendered(), plan=plan, wechat_settings=settings).author == author


def test_pictures_that_are_shown_come_along_once(tmp_path: Path) -> None:
    """Of those listed only what the HTML shows is read, in the article's language."""
    html = '<p><img src="picture:poster"><img alt="x" src="picture:poster"></p>'
    article = compose(
        tmp_path,
        Rendered(html=html),
        plan={},
        pictures={
            "poster": {"zh": "assets/海报.jpg", "en": "assets/poster.png"},
            "unused": "assets/missing.png",
        },
    )
    assert article.pictures == (Blob(name="poster", media_type="image/jpeg", data=JPEG),)
    assert article.html == html


def test_picture_from_afar_keeps_its_address(tmp_path: Path) -> None:
    """The check of limits then says that the platform takes it out."""
    article = compose(
        tmp_path,
        Rendered(html='<p><img src="picture:far"></p>'),
        plan={},
        pictures={"far": "https://example.org/a.png?b=1&c=2"},
    )
    assert article.html == '<p><img src="https://example.org/a.png?b=1&amp;c=2"></p>'
    assert article.pictures == ()


def test_theme_reaches_rendering(tmp_path: Path) -> None:
    """The plan's theme shapes the HTML."""
    article = compose(tmp_path, Rendered(html="<p>THEME</p>"), plan={"theme": "red"})
    assert article.html == "<p>red</p>"


def test_files_come_from_the_project(tmp_path: Path) -> None:
    """Without another way to load, paths are relative to the project's folder."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "cover.png").write_bytes(PNG)
    composer = ArticleComposer(project(tmp_path), campaign(), Rendered())
    assert composer.compose(line()).cover.data == PNG


def test_file_that_is_gone_is_told(tmp_path: Path) -> None:
    """A file deleted since it was checked ends in a sentence, not a trace."""
    wanted = campaign(path=tmp_path / "campaigns" / "cfp.yaml")
    composer = ArticleComposer(project(tmp_path), wanted, Rendered())
    with pytest.raises(InputError) as caught:
        composer.compose(line())
    assert [str(problem) for problem in caught.value.problems] == [
        "campaigns/cfp.yaml: assets/cover.png cannot be read: No such file or directory\n"
        "    check the file and its rights"
    ]


def test_composed_article_passes_the_limits_and_shows_its_picture(tmp_path: Path) -> None:
    """The same with real templates, layout and theme."""
    files = {
        "templates/zh/cfp.md.j2": (
            "---\nsubject: 征稿 {{ title }}\npreheader: 截稿在即\n"
            "article: {title: '征稿：{{ title }}'}\n---\n"
            "各位同仁：\n\n![海报](poster)\n\n详见 {{ facts.url | link }}。\n"
        ),
        "templates/layouts/article.html.j2": (
            "<html><head><style>{{ css | safe }}</style></head><body>"
            '<section class="article" lang="{{ tag }}">{{ body }}</section></body></html>'
        ),
        "templates/layouts/themes/plain.css": ".article { color: #333333 }",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "cover.png").write_bytes(PNG)
    (tmp_path / "assets" / "poster.jpg").write_bytes(JPEG)
    wanted = campaign(
        facts={"url": "https://example.org/cfp"}, pictures={"poster": "assets/poster.jpg"}
    )
    here = project(tmp_path)
    renderer = Renderer(TemplateBook(tmp_path, ("zh",)), project=here, campaign=wanted)
    article = ArticleComposer(here, wanted, renderer).compose(line())
    assert (article.title, article.summary) == ("征稿：征稿", "截稿在即")
    assert [picture.name for picture in article.pictures] == ["poster"]
    assert check(article, Place(file="campaigns/cfp.yaml")) == []
