"""Writes the preview's folder: `index.html`, a page a message, and the exact files beside them.

index.html            what will happen, what is doubtful, every message
messages/0001.html    one message as a reader sees it
mail/0001.eml         its bytes as they would be sent (Date aside)
article/zh.html       an article as it would go into the draft box, pictures beside it;
                      of several in one message zh+en-1.html, zh+en-2.html and so on
"""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from announce.channels.email.mime import write
from announce.errors import InputError
from announce.model.delivery import DeliveryKey
from announce.model.message import Article, Mail, Message, Notice
from announce.model.plan import Plan, Planned
from announce.preview.pages import article_page, index_page, mail_page, notice_page
from announce.texts import say

MARK = ".announce-preview"


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
    _pages: array[int] = field(default_factory=lambda: array("I"))

    def begin(self) -> None:
        """Make the folder empty. InputError where something else lies in it."""
        if self.folder.exists():
            if any(self.folder.iterdir()) and not (self.folder / MARK).exists():
                raise InputError(
                    say("{folder} holds other files; nothing was written", folder=self.folder),
                    hint=say("name a new folder with --out"),
                )
            shutil.rmtree(self.folder)
        for part in ("messages", "mail", "article"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / MARK).touch()

    def add(self, line: Planned, message: Message) -> None:
        """Write one message with its page; the first one makes the folder anew, so that a fault
        before it leaves the last good preview."""
        if not self.written:
            self.begin()
        # Numbered as they are written; lines without a message have none.
        self.written += 1
        self._pages.extend([0] * (line.delivery.position - len(self._pages)))
        self._pages.append(self.written)
        if isinstance(message, Mail):
            self._add_mail(line, message)
        elif isinstance(message, Notice):
            self._page(notice_page(line, message))
        else:
            self._add_article(line, message)

    def finish(self, plan: Plan) -> Path:
        """Write the first page; its path."""
        if not self.written:
            self.begin()
        index = self.folder / "index.html"
        with index.open("w", encoding="utf-8") as file:
            file.writelines(index_page(plan, self._page_of, self.now))
        return index

    def _page_of(self, line: Planned) -> str | None:
        position = line.delivery.position
        number = self._pages[position] if position < len(self._pages) else 0
        return f"messages/{number:04}.html" if number else None

    def _add_mail(self, line: Planned, mail: Mail) -> None:
        name = f"{self.written:04}"
        domain = mail.sender.spec.rpartition("@")[2]
        raw = write(mail, message_id=self.message_id(line.delivery.key, domain), date=self.now)
        (self.folder / "mail" / f"{name}.eml").write_bytes(raw)
        self._page(mail_page(line, mail, raw, f"../mail/{name}.eml"))

    def _add_article(self, line: Planned, article: Article) -> None:
        name = line.delivery.language  # of all its articles: zh+en
        sources = []
        for number, one in enumerate(article.articles, 1):
            stem = name if not article.seconds else f"{name}-{number}"
            self._write_article(one, stem)
            sources.append(f"../article/{stem}.html")
        self._page(article_page(line, article, sources))

    def _write_article(self, article: Article, stem: str) -> None:
        html = article.html
        for blob in (article.cover, *article.pictures):
            path = self.folder / "article" / f"{stem}-{Path(blob.name).name}"
            path.write_bytes(blob.data)
            html = html.replace(f"picture:{blob.name}", path.name)
        (self.folder / "article" / f"{stem}.html").write_text(html, encoding="utf-8")

    def _page(self, page: str) -> None:
        path = self.folder / "messages" / f"{self.written:04}.html"
        path.write_text(page, encoding="utf-8")
