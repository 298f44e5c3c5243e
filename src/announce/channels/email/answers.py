"""What a mail server's answer asks of us, by what is to be done and not by its number alone.

Providers answer 5yz where the account is too fast and 4yz where nothing will help, so special
answers come first (`data/smtp_answers.yaml`), then enhanced codes (RFC 3463), then the number
(RFC 5321) at the stage where it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Stage = Literal["login", "mail", "rcpt", "data"]

_DATA = Path(__file__).parents[2] / "data" / "smtp_answers.yaml"
_ENHANCED = re.compile(r"\d{3} (?P<kind>[245])\.(?P<subject>\d{1,3})\.(?P<detail>\d{1,3})\b")
_TEXT_LIMIT = 300


class AnswerClass(StrEnum):
    """What is to be done about a refusal or a loss."""

    RECIPIENT_REFUSED = "recipient_refused"  # no such mailbox: do not write again
    RECIPIENT_UNAVAILABLE = "recipient_unavailable"  # full mailbox: another day
    MESSAGE_REFUSED = "message_refused"  # these words or this size
    SENDER_REFUSED = "sender_refused"  # the From or the account's standing: all will fail alike
    THROTTLED = "throttled"  # too fast: pause the account, the recipient stays due
    QUOTA = "quota"  # the day's share is used up: stop, the rest stays due
    LOGIN_REFUSED = "login_refused"  # stop
    TRANSIENT = "transient"  # greylisting and the like: again, later
    CONNECTION_LOST = "connection_lost"
    UNSUPPORTED_ADDRESS = "unsupported_address"  # the server has no SMTPUTF8

    @property
    def transient(self) -> bool:
        """Whether the same message may well be taken within this run."""
        return self in (self.TRANSIENT, self.THROTTLED, self.CONNECTION_LOST)


_HOPE = (
    AnswerClass.LOGIN_REFUSED,
    AnswerClass.QUOTA,
    AnswerClass.THROTTLED,
    AnswerClass.TRANSIENT,
    AnswerClass.SENDER_REFUSED,
    AnswerClass.MESSAGE_REFUSED,
    AnswerClass.RECIPIENT_UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply: its code, its text on one line without control characters."""

    code: int
    text: str
    stage: Stage

    @property
    def accepted(self) -> bool:
        """Whether it is a yes."""
        return 200 <= self.code < 300

    @property
    def refused(self) -> bool:
        """Whether it is a no, for now or for good."""
        return 400 <= self.code < 600

    @property
    def kind(self) -> AnswerClass:
        """What is to be done about a no."""
        return classify(self.code, self.text, self.stage)

    @property
    def deferred(self) -> bool:
        """Whether it is a no for now only, with the same mail to be taken later."""
        return self.refused and self.kind in (AnswerClass.TRANSIENT, AnswerClass.THROTTLED)

    def detail(self) -> dict[str, Any]:
        """As evidence for the log."""
        kind = self.kind
        return {
            "code": self.code,
            "text": self.text,
            "stage": self.stage,
            "class": kind.value,
            "transient": kind.transient,
        }

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


def read_answer(code: int, octets: bytes, stage: Stage) -> Answer:
    """A reply as it came: Chinese providers answer in UTF-8 or GB 18030."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("gb18030", "replace")
    return Answer(code, one_line(text), stage)


def most_hopeful(answers: Iterable[Answer]) -> Answer:
    """The no that counts where every address was refused: nobody has got anything, so all may
    be tried again if one may."""
    return min(answers, key=_despair)


def one_line(text: str) -> str:
    """A server's words fit for a screen and a log: one line, no control characters, not endless."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:_TEXT_LIMIT]


def classify(code: int, text: str, stage: Stage) -> AnswerClass:
    """The class of a refusal; what is not known is judged by its number."""
    if not 400 <= code < 600:
        return AnswerClass.CONNECTION_LOST  # no refusal, nor any SMTP
    whole = f"{code} {text}"
    for pattern, stages, kind in _special():
        if (not stages or stage in stages) and pattern.search(whole):
            return kind
    if code in (530, 534, 535, 538):
        return AnswerClass.LOGIN_REFUSED
    if 400 <= code < 500:
        return AnswerClass.TRANSIENT
    if stage == "login":
        return AnswerClass.LOGIN_REFUSED
    enhanced = _ENHANCED.match(whole)
    judged = (
        _by_enhanced(int(enhanced["subject"]), int(enhanced["detail"]), stage) if enhanced else None
    )
    return judged or _by_stage(code, stage)


def _despair(answer: Answer) -> int:
    kind = answer.kind
    return _HOPE.index(kind) if kind in _HOPE else len(_HOPE)


def _by_enhanced(subject: int, detail: int, stage: Stage) -> AnswerClass | None:
    match subject, detail:
        case 1, 7 | 8:
            return AnswerClass.SENDER_REFUSED
        case (1, _) | (2, 0 | 1) if stage != "mail":
            return AnswerClass.RECIPIENT_REFUSED
        case 2, 2:
            return AnswerClass.RECIPIENT_UNAVAILABLE
        case (2 | 3, 3 | 4) | (6, _):
            return AnswerClass.MESSAGE_REFUSED
        case 4, 1 | 4 if stage == "rcpt":
            return AnswerClass.RECIPIENT_REFUSED
        case 7, _ if stage != "mail":
            # Policy says nothing about whether the mailbox exists.
            return AnswerClass.MESSAGE_REFUSED
        case _:
            return None


def _by_stage(code: int, stage: Stage) -> AnswerClass:
    # RFC 5321 §4.2.3: 552 is a full mailbox for an address, an oversize for a message;
    # 500-504 and 555 are quarrels about syntax.
    if code == 552 and stage == "rcpt":
        return AnswerClass.RECIPIENT_UNAVAILABLE
    if code in (552, 555) or 500 <= code <= 504:
        return AnswerClass.MESSAGE_REFUSED
    if stage == "rcpt":
        return AnswerClass.RECIPIENT_REFUSED
    return AnswerClass.SENDER_REFUSED if stage == "mail" else AnswerClass.MESSAGE_REFUSED


@cache
def _special() -> tuple[tuple[re.Pattern[str], frozenset[str], AnswerClass], ...]:
    entries = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return tuple(
        (
            re.compile(entry["match"], re.IGNORECASE),
            frozenset(entry.get("stages", ())),
            AnswerClass(entry["class"]),
        )
        for entry in entries
    )
