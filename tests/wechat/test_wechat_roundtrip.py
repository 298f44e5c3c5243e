"""The example's articles through the draft box and back: what is read is what was composed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wechat_support import Uploads

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.compose import ArticleComposer
from announce.channels.wechat.limits import check
from announce.channels.wechat.payload import Payloads
from announce.channels.wechat.readback import differences
from announce.model.campaign import ArticlePlan
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.message import Article
from announce.model.plan import Planned
from announce.problems import Place
from announce.reading.campaigns import read_campaign
from announce.reading.project import read_project
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer
from announce.sandbox.wechat import OfficialAccountServer

EXAMPLE = Path(__file__).parents[2]
THEMES = sorted(path.stem for path in (EXAMPLE / "templates/layouts/themes").glob("*.css"))


def composed(name: str, **plan: Any) -> Article:
    """A message of one of the example's campaigns."""
    project, _ = read_project(EXAMPLE)
    assert project is not None
    campaign, _ = read_campaign(project, EXAMPLE / "campaigns" / name)
    assert campaign is not None
    renderer = Renderer(TemplateBook(EXAMPLE, ("zh", "en")), project=project, campaign=campaign)
    cover = campaign.wechat[0].cover
    article = ArticlePlan.model_validate({"language": ["zh", "en"], "cover": cover, **plan})
    key = DeliveryKey(campaign.id, "once", "wechat", "wx:zh+en")
    line = Planned(
        delivery=Delivery(key=key, language="zh", to=("wx",)),
        languages=article.languages,
        article=article,
    )
    return ArticleComposer(project, campaign, renderer).compose(line)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["cfp.yaml", "awards.yaml", "reviewers.yaml"])
def test_example_comes_back_from_the_draft_box_as_composed(
    sandbox: OfficialAccountServer,
    open_account: Callable[..., OfficialAccount],
    name: str,
    theme: str,
) -> None:
    """Both languages, in every theme: no difference, no empty style, every picture."""
    article = composed(name, theme=theme)
    account = open_account(sandbox.api_base)
    sent = Payloads(account, Uploads()).ready(article, "<1@example.org>")
    kept = account.get_draft(account.add_draft(sent))

    assert check(article, Place(file=name)) == []
    assert [differences(*pair) for pair in zip(sent, kept, strict=True)] == [[], []]
    for one, pictures in zip(kept, article.articles, strict=True):
        content = str(one["content"])
        assert 'style=""' not in content
        assert len(set(re.findall(r'data-src="([^"]*)"', content))) == len(pictures.pictures)


def test_example_shows_what_articles_can() -> None:
    """Topics, dates, QR pictures with captions, the sponsor, and where to read on."""
    article = composed("cfp.yaml")
    for one in article.articles:
        assert len([picture for picture in one.pictures if picture.name.startswith("qr-")]) == 2
        assert one.html.count("<figcaption") == 3
        assert one.html.count("<table") == 1
        assert len(one.html) < 20_000
