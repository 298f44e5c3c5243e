"""Makes the pictures of articles in the documentation, with headless Chromium.

    python scripts/article_pictures.py          write docs/pictures/{themes,covers,roundtrip}.*.png

Articles are composed from the example project as a send composes them; what is read back comes
from the sandbox's draft box.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pictures import BROWSERS, FLAGS, MOST_BYTES, PICTURES, ROOT
from PIL import Image, ImageChops

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.compose import ArticleComposer
from announce.channels.wechat.paste import paste_page
from announce.channels.wechat.payload import Payloads
from announce.model.campaign import ArticlePlan, Campaign
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.languages import Language
from announce.model.message import Article
from announce.model.plan import Planned
from announce.model.project import Project
from announce.reading.campaigns import read_campaign
from announce.reading.project import read_project
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer
from announce.sandbox.wechat import Account, OfficialAccountServer
from announce.sandbox.wechat.materials import picture_file
from announce.sandbox.wechat.state import State

THEMES = ("plain", "ink", "festive")
PHONE = 390
GAP = 24
GROUND = "#e9e9e6"
# A short article with each element, as docs/wechat.md explains them.
ELEMENTS = {
    "zh": """---
subject: 征稿
---
::: lead
{{ facts.deadlines.submission | date }}截稿 · {{ facts.conference.place }}
:::

让基础模型**开源、开放、可复现**。详见[会议主页](https://example.org/2025)。

## 征稿方向

1. **开放数据集**：采集、整理与合成
2. **开放评测**：公开的基准与指标

## 重要日期

| 事项 | 时间 |
| --- | --- |
| 投稿截止 | {{ facts.deadlines.submission | date("full") }} |
| 录用通知 | {{ facts.deadlines.notification | date("full") }} |

> 旁人无法复现的结果，便难以验证。

## 投稿方式

{{ facts.links.submit | qr("长按识别二维码，前往投稿") }}

::: note
未使用机构邮箱的账号需人工审核，请尽早注册。
:::

::: sponsor
感谢**{{ facts.sponsor }}**的支持
:::

::: original
更多消息请点击文末“阅读原文”
:::
""",
    "en": """---
subject: Call for papers
---
::: lead
Due {{ facts.deadlines.submission | date }} · {{ facts.conference.place }}
:::

For models that are **open and reproducible**. More on our [home page](https://example.org/2025).

## Topics

1. **Open data:** acquiring, curating, synthesising
2. **Open evaluation:** benchmarks and metrics

## Dates

| What | When |
| --- | --- |
| Submission | {{ facts.deadlines.submission | date("full") }} |
| Notification | {{ facts.deadlines.notification | date("full") }} |

> A result that nobody can repeat is hard to check.

## How to submit

{{ facts.links.submit | qr("Press and hold the code to submit") }}

::: note
Profiles without an institutional address are checked by hand: create yours early.
:::

::: sponsor
We thank **{{ facts.sponsor }}** for its support
:::

::: original
Tap “Read more” (阅读原文) below
:::
""",
}


class Studio:
    """The example project in a folder of its own, and a browser."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "project"
        for name in ("campaigns", "templates", "audiences", "assets"):
            shutil.copytree(ROOT / name, self.root / name)
        shutil.copy(ROOT / "announce.yaml", self.root)
        for language, text in ELEMENTS.items():
            (self.root / "templates" / language / "elements.md.j2").write_text(text)
        project, _ = read_project(self.root)
        campaign, _ = read_campaign(project, self.root / "campaigns" / "cfp.yaml")
        self.project: Project = project
        self.campaign: Campaign = campaign

    def article(self, language: Language, *, kind: str = "cfp", **plan: Any) -> Article:
        """An article of the example."""
        campaign = self.campaign.model_copy(update={"kind": kind})
        book = TemplateBook(self.root, ("zh", "en"))
        renderer = Renderer(book, project=self.project, campaign=campaign)
        line = Planned(
            delivery=Delivery(
                key=DeliveryKey("cfp", "once", "wechat", "wx"), language=language, to=("wx",)
            ),
            languages=(language,),
            article=ArticlePlan.model_validate({"language": language, **plan}),
        )
        return ArticleComposer(self.project, campaign, renderer).compose(line)

    def shot(self, content: str, width: int = PHONE) -> Image.Image:
        """A picture of HTML as a phone shows it, as long as it is."""
        page, target = self.folder / "page.html", self.folder / "page.png"
        page.write_text(
            "<!doctype html><meta charset=utf-8><body style='margin:0;padding:18px 14px 8px;"
            f"background:#fff;font-family:sans-serif'>{content}",
            encoding="utf-8",
        )
        browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
        if browser is None:
            sys.exit("no Chromium found: install chromium")
        with tempfile.TemporaryDirectory() as profile:
            subprocess.run(
                [
                    browser, *FLAGS, f"--user-data-dir={profile}",
                    f"--window-size={width},5000", f"--screenshot={target}", page.as_uri(),
                ],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
        return trimmed(Image.open(target).convert("RGB"))


def main() -> int:
    """Make them all; exit 1 where one is too large for a page."""
    made: list[Path] = []
    with tempfile.TemporaryDirectory() as name:
        studio = Studio(Path(name))
        for language in ("zh", "en"):
            phones = [
                studio.shot(filled(studio.article(language, kind="elements", theme=theme)))
                for theme in THEMES
            ]
            made.append(saved(beside(phones), f"themes.{language}"))
            article = studio.article(language, cover=f"assets/covers/cfp.{language}.png")
            composed, back = studio.shot(filled(article)), studio.shot(read_back(studio, article))
            made.append(saved(beside([*halved(composed), *halved(back)]), f"roundtrip.{language}"))
            made.append(saved(covers(studio, language), f"covers.{language}", few=False))
    for path in made:
        print(f"{path.name}: {path.stat().st_size // 1000} kB")
    return 1 if max(path.stat().st_size for path in made) > MOST_BYTES else 0


def covers(studio: Studio, language: Language) -> Image.Image:
    """The covers made for each theme, with the square that lists show."""
    rows = []
    for theme in THEMES:
        data = studio.article(language, theme=theme).cover.data
        cover = Image.open(io.BytesIO(data)).convert("RGB")
        square = cover.crop((258, 0, 641, 383))
        rows.append(beside([cover, square]).resize((660, 207), Image.Resampling.LANCZOS))
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), GROUND)
    for number, one in enumerate(rows):
        sheet.paste(one, (0, number * one.height))
    return sheet


def filled(article: Article) -> str:
    """The article as composed, with its pictures."""
    page = paste_page(article)["index.html"].decode()
    return re.split(r"<div class=paper[^>]*>", page)[1].split("</div></main>")[0]


def read_back(studio: Studio, article: Article) -> str:
    """The article as the draft box gives it back, with the pictures that it stored."""
    place, now = studio.folder / f"box-{article.language}", datetime.now(UTC)
    played = Account(app_id="wx0123456789abcdef", app_secret="x" * 32)
    with OfficialAccountServer(place, now=lambda: now, account=played) as server:
        account = OfficialAccount(played.app_id, played.app_secret, api_base=server.api_base)
        payloads = Payloads(account, Forgetful()).ready(article, "<1@example.org>")
        content = str(account.get_draft(account.add_draft(payloads))[0]["content"])
        account.close()
        state = State(place)

        def shown(match: re.Match[str]) -> str:
            file = picture_file(state, match[1].replace("&amp;", "&"))
            return f'src="{file.as_uri() if file else ""}"'

        return re.sub(r'data-src="([^"]*)"', shown, content)


class Forgetful:
    """A memory of uploads that remembers nothing."""

    def get(self, *_: str) -> None:
        """Nothing."""

    def put(self, *_: str) -> None:
        """Nothing."""


def trimmed(image: Image.Image) -> Image.Image:
    """Without the white below."""
    box = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    return image.crop((0, 0, image.width, min(image.height, (box[3] if box else 0) + 24)))


def halved(image: Image.Image) -> list[Image.Image]:
    """A long picture in two parts."""
    middle = (image.height + 1) // 2
    return [
        image.crop((0, 0, image.width, middle)),
        image.crop((0, middle, image.width, image.height)),
    ]


def beside(images: Sequence[Image.Image]) -> Image.Image:
    """Pictures in a row, with some air."""
    width = sum(image.width for image in images) + GAP * (len(images) + 1)
    row = Image.new("RGB", (width, max(image.height for image in images) + 2 * GAP), GROUND)
    left = GAP
    for image in images:
        row.paste(image, (left, GAP))
        left += image.width + GAP
    return row


def saved(image: Image.Image, name: str, *, few: bool = True) -> Path:
    """A file; of few colours, where none is missed, it is a third as large."""
    path = PICTURES / f"{name}.png"
    made = image.quantize(128, dither=Image.Dither.NONE) if few else image
    made.save(path, optimize=True)
    return path


if __name__ == "__main__":
    sys.exit(main())
