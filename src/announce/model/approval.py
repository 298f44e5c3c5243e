"""A person's yes to what they have looked at, as its file has it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from announce.model.base import Noun, about

Covers = Literal["plan", "content"]
# In place of an occurrence's id: all that a schedule sends. No id begins like that.
EVERY = "_every"


class ApprovedShape(Noun):
    """A text that was looked at: the same for `number` messages but for values between ⟨ ⟩."""

    channel: str
    language: str
    variant: str = ""
    number: int
    subject: str
    text: str = ""


class Approval(Noun):
    """One person's approval of one occurrence, or with `covers: content` of `EVERY` one.

    `digest` is the plan's; `ways` says how far each article goes. `content` has a short digest for
    each thing that shapes the messages, by name; `words` the digest of all of them. With `covers:
    content` at most `most` messages may be sent, to whomever. `people` has a line a message: three
    hashes, of its key, its class and its bytes, keyed with a secret of the machine that approved
    (whose fingerprint is `key`); nobody else can test a guess against them.
    """

    campaign: str
    occurrence: str
    covers: Covers
    by: str
    at: str
    note: str = ""
    digest: str
    words: str
    most: int | None = None
    messages: dict[str, int]
    ways: dict[str, str] = Field(default={})
    classes: dict[str, int] = Field(default={})
    shapes: list[ApprovedShape] = Field(default=[])
    content: dict[str, str] = Field(default={})
    key: str = ""
    people: str = ""
    path: Annotated[Path, Field(exclude=True)] = Path()

    @property
    def when(self) -> datetime:
        """When it was given, with its zone."""
        return datetime.fromisoformat(self.at)

    @property
    def who(self) -> str:
        """The name, as names are compared."""
        return " ".join(self.by.split()).casefold()


class ApprovalRule(Noun):
    """How many people must approve, and whose approval does not count."""

    by: int = about("So many different people.", "须由多少位不同的人批准。", ge=1, le=9, default=1)
    not_: Literal["author"] | list[str] | None = about(
        "Whose approval does not count: `author` (the campaign's), or names.",
        "谁的批准不算数：`author`（活动的作者），或列出姓名。",
        alias="not",
        default=None,
    )
