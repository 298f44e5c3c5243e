"""Writes the preview's folder: `index.html`, the data of each message, and the exact files.

index.html            what will happen, what is doubtful, every message
page/                 the first page's scripts and style
data/                 what they load when it is wanted, a message or picture a file
messages/0061.html    an article or a notice as a reader sees it
mail/0001.eml         a mail's bytes as they would be sent (Date aside)
article/zh.html       an article as it would go into the draft box, pictures beside it;
                      of several in one message zh+en-1.html, zh+en-2.html and so on
"""

from __future__ import annotations

import re
import shutil
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from announce.channels.email.mime import write
from announce.errors import InputError
from announce.model.delivery import DeliveryKey
from announce.model.message import Article, Mail, Message, Notice
from announce.model.plan import Planned
from announce.preview.articles import article_page, notice_page
from announce.preview.entries import (
    DataFiles,
    Entry,
    article_document,
    mail_document,
    notice_document,
)
from announce.preview.html import asset
from announce.preview.index import SCRIPTS, index_page
from announce.preview.kinds import Kind, Kinds
from announce.preview.story import Story
from announce.preview.words import page_words
from announce.texts import say

MARK = ".announce-preview"
ASSETS = ("preview.css", *SCRIPTS)
_TAG = re.compile(r"<[^>]+>")
_PRINTED = 40  # kinds whose texts stand in the page for those who print it


@dataclass(slots=True)
class PreviewFolder:
    """Takes messages as they are composed and writes each at once, so that memory does not grow.

    `message_id` gives the Message-ID of a delivery on a domain. An existing folder is replaced only
    when a preview wrote it. Opens no socket.
    """

    folder: Path
    now: datetime
    message_id: Callable[[DeliveryKey, str], str]
    written: int = 0
    _numbers: array[int] = field(default_factory=lambda: array("I"))
    _lengths: array[int] = field(default_factory=lambda: array("I"))
    _data: DataFiles = field(init=False)

    def __post_init__(self) -> None:
        self._data = DataFiles(self.folder / "data")

    def begin(self) -> None:
        """Make the folder empty. InputError where something else lies in it."""
        if self.folder.exists():
            _refuse_others(self.folder)
            shutil.rmtree(self.folder)
        for part in ("messages", "mail", "article", "page"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / MARK).touch()
        self._data.begin()
        for name in ASSETS:
            (self.folder / "page" / name).write_text(asset(name), encoding="utf-8")

    def add(self, line: Planned, message: Message) -> None:
        """Write one message; the first one makes the folder anew, so that a fault before it
        leaves the last good preview."""
        if not self.written:
            self.begin()
        # Numbered as they are written; lines without a message have none.
        self.written += 1
        gap = [0] * (line.delivery.position - len(self._numbers))
        self._numbers.extend([*gap, self.written])
        if isinstance(message, Mail):
            length = self._add_mail(line, message)
        elif isinstance(message, Notice):
            length = self._add_notice(line, message)
        else:
            length = self._add_article(line, message)
        self._lengths.extend([*gap, length])

    def finish(self, story: Story) -> Path:
        """Write the list and the first page; its path."""
        if not self.written:
            self.begin()
        kinds = Kinds()
        lists = self._data.list(self._entries(story, kinds))
        kinds.tell_apart(story.outline)
        words = self._data.document("words", page_words(story, kinds.all))
        index = self.folder / "index.html"
        texts = [self._printed(kind) for kind in kinds.all[:_PRINTED]]
        index.write_text(index_page(story, kinds.all, texts, [words, *lists]), encoding="utf-8")
        return index

    def _entries(self, story: Story, kinds: Kinds) -> Iterator[Entry]:
        doubts: dict[tuple[str, int | None], list[int]] = {}
        for number, problem in enumerate(story.plan.problems):
            doubts.setdefault((problem.place.file, problem.place.line), []).append(number)
        for line in story.plan.lines:
            variant, shape = story.kind_of(line)
            number, length = self._written_of(line)
            place = line.recipient.place if line.recipient else None
            yield Entry(
                line=line,
                number=number,
                variant=variant,
                kind=kinds.take(line, variant, shape, number) if number else -1,
                length=length,
                doubts=tuple(doubts.get((place.file, place.line), ())) if place else (),
            )

    def _written_of(self, line: Planned) -> tuple[int, int]:
        """The number and the length of a line's message; 0 and 0 where it has none."""
        position = line.delivery.position
        if position >= len(self._numbers):
            return 0, 0
        return self._numbers[position], self._lengths[position]

    def _printed(self, kind: Kind) -> str:
        return self._data.text_of(kind.first)

    def _add_mail(self, line: Planned, mail: Mail) -> int:
        name = f"mail/{self.written:04}.eml"
        domain = mail.sender.spec.rpartition("@")[2]
        raw = write(mail, message_id=self.message_id(line.delivery.key, domain), date=self.now)
        (self.folder / name).write_bytes(raw)
        pictures = self._data.pictures(mail.pictures, scheme="cid")
        self._data.message(self.written, mail_document(mail, raw, name, pictures))
        return len(mail.text)

    def _add_notice(self, line: Planned, notice: Notice) -> int:
        page = self._page(notice_page(line, notice))
        document = notice_document(notice, page)
        self._data.message(self.written, document)
        return len(document["text"])

    def _add_article(self, line: Planned, article: Article) -> int:
        name = line.delivery.language  # of all its articles: zh+en
        sources = []
        for number, one in enumerate(article.articles, 1):
            stem = name if not article.seconds else f"{name}-{number}"
            self._write_article(one, stem)
            sources.append(f"../article/{stem}.html")
        page = self._page(article_page(line, article, sources))
        text = "\n\n".join(_words_of(one) for one in article.articles)
        self._data.message(self.written, article_document(article, page, text))
        return len(text)

    def _write_article(self, article: Article, stem: str) -> None:
        html = article.html
        for blob in (article.cover, *article.pictures):
            path = self.folder / "article" / f"{stem}-{Path(blob.name).name}"
            path.write_bytes(blob.data)
            html = html.replace(f"picture:{blob.name}", path.name)
        (self.folder / "article" / f"{stem}.html").write_text(html, encoding="utf-8")

    def _page(self, page: str) -> str:
        name = f"messages/{self.written:04}.html"
        (self.folder / name).write_text(page, encoding="utf-8")
        return name


def _words_of(article: Article) -> str:
    lines = (line.strip() for line in _TAG.sub("\n", article.html).splitlines())
    return "\n".join((article.title, article.summary, *(line for line in lines if line)))


def remove_preview(folder: Path) -> None:
    """Remove a preview, if there is one; other files stay."""
    if (folder / MARK).exists():
        shutil.rmtree(folder)


def replace_folder(fresh: Path, folder: Path) -> None:
    """Put a preview that is whole in the place of an older one. InputError where other files lie
    there."""
    if folder.exists():
        _refuse_others(folder)
        shutil.rmtree(folder)
    fresh.rename(folder)


def _refuse_others(folder: Path) -> None:
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise InputError(
            say("{folder} holds other files; nothing was written", folder=folder),
            hint=say("name a new folder with --out"),
        )
