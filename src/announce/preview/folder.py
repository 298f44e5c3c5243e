"""Writes the preview's folder: `index.html`, a page a message, and the exact files beside them.

index.html            what will happen, what is doubtful, every message
messages/0001.html    one message as a reader sees it
mail/0001.eml         its bytes as they would be sent (Date and Message-ID aside)
article/zh.html       an article as it would go into the draft box, pictures beside it
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from announce.channels.email.mime import write
from announce.errors import InputError
from announce.model.delivery import DeliveryKey
from announce.model.message import Article, Mail, Message
from announce.model.plan import Plan, Planned
from announce.preview.pages import article_page, index_page, mail_page
from announce.texts import say

MARK = ".announce-preview"


@dataclass(slots=True)
class PreviewFolder:
    """Takes messages as they are composed and writes each at once, so that memory does not grow.

    An existing folder is replaced only when a preview wrote it. Opens no socket.
    """

    folder: Path
    now: datetime
    entries: dict[DeliveryKey, str] = field(default_factory=dict)

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
        if not self.entries:
            self.begin()
        if isinstance(message, Mail):
            self._add_mail(line, message)
        else:
            self._add_article(line, message)

    def finish(self, plan: Plan) -> Path:
        """Write the first page; its path."""
        if not self.entries:
            self.begin()
        index = self.folder / "index.html"
        index.write_text(index_page(plan, self.entries, self.now), encoding="utf-8")
        return index

    def _add_mail(self, line: Planned, mail: Mail) -> None:
        name = f"{len(self.entries) + 1:04}"
        domain = mail.sender.spec.rpartition("@")[2]
        raw = write(mail, message_id=f"<preview-{name}@{domain}>", date=self.now)
        (self.folder / "mail" / f"{name}.eml").write_bytes(raw)
        self._page(line, name, mail_page(line, mail, raw, f"../mail/{name}.eml"))

    def _add_article(self, line: Planned, article: Article) -> None:
        name = f"{len(self.entries) + 1:04}"
        stem = f"{article.language}"
        html = article.html
        for blob in (article.cover, *article.pictures):
            path = self.folder / "article" / f"{stem}-{Path(blob.name).name}"
            path.write_bytes(blob.data)
            html = html.replace(f"picture:{blob.name}", path.name)
        (self.folder / "article" / f"{stem}.html").write_text(html, encoding="utf-8")
        self._page(line, name, article_page(line, article, f"../article/{stem}.html"))

    def _page(self, line: Planned, name: str, page: str) -> None:
        (self.folder / "messages" / f"{name}.html").write_text(page, encoding="utf-8")
        self.entries[line.delivery.key] = f"messages/{name}.html"
