"""Approving: what a person has looked at, written down so that exactly that is sent.

    approvals/<campaign>/<occurrence>.<who>.yaml   for git: counts, texts, keyed hashes
    .announce/approvals/                           the full texts, and the key of the hashes

A name given here is a record, and no proof of who gave it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import digest as hmac
from pathlib import Path
from secrets import token_bytes
from typing import Any, NamedTuple

from announce.approval_file import text_of
from announce.covering import covered
from announce.errors import MachineError
from announce.ledger.files import make_folder, write_whole
from announce.ledger.receipts import safe_name
from announce.model.approval import EVERY, Approval, ApprovedShape, Covers
from announce.model.campaign import Campaign
from announce.model.delivery import State
from announce.model.message import Article, Mail, Message
from announce.model.plan import Planned
from announce.model.project import Project
from announce.planning import variant_of
from announce.preparing import Prepared
from announce.reading.approvals import FOLDER
from announce.texts import say

_TAG = re.compile(r"<[^>]+>")


class Seen(NamedTuple):
    """One message as it was looked at: for whom (a delivery's key, as text), of which class."""

    key: str
    variant: str
    language: str
    subject: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An approval that is not yet written, and the texts behind it."""

    approval: Approval
    texts: list[Seen]
    content: Mapping[str, str]


def draw_up(
    prepared: Prepared,
    *,
    by: str,
    at: datetime,
    note: str = "",
    covers: Covers = "plan",
    most: int | None = None,
    occurrence: str | None = None,
) -> Drawn:
    """The approval of all that a send of the campaign would send: each message is composed once
    more. `occurrence` may be `EVERY` one of its schedule, of which the prepared one is an example.
    MachineError where the key of the hashes cannot be kept."""
    project, plan = prepared.gathered.project, prepared.plan
    name = occurrence or plan.occurrence
    content = covered(name, prepared)
    campaign = prepared.gathered.campaign
    texts, shapes = _looked_at(prepared)
    key = _own_key(project)
    classes = Counter(one.variant for one in texts if one.variant)
    approval = Approval(
        campaign=plan.campaign,
        occurrence=name,
        covers=covers,
        by=" ".join(by.split()),
        at=at.isoformat(timespec="seconds"),
        note=note,
        digest=plan.digest,
        words=digest_of_content(content),
        most=most,
        messages=counted(prepared),
        ways=ways_of(campaign.whole if name == EVERY else campaign),
        classes=dict(sorted(classes.items())),
        shapes=shapes,
        content=short_content(content),
        key=fingerprint(key),
        people="\n".join(sorted(_person(one, key) for one in texts)),
    )
    return Drawn(approval=approval, texts=texts, content=content)


def record(project: Project, drawn: Drawn) -> Path:
    """Write an approval, which takes the place of an earlier one by the same person; its file.
    MachineError where that cannot be done."""
    approval = drawn.approval
    path = path_of(project, approval.campaign, approval.occurrence, approval.by)
    behind = texts_of(project, approval)
    try:
        make_folder(behind.parent, 0o700)
        document = json.dumps(
            {"content": dict(drawn.content), "texts": drawn.texts}, ensure_ascii=False
        )
        behind.write_bytes(gzip.compress(document.encode(), 6))
        behind.chmod(0o600)
        write_whole(path, text_of(approval))
    except OSError as error:
        raise _unwritable(error) from error
    return path


def withdraw(project: Project, campaign: str, occurrence: str, by: str) -> bool:
    """Take a person's approval back; whether there was one."""
    path = path_of(project, campaign, occurrence, by)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritable(error) from error
    return True


def path_of(project: Project, campaign: str, occurrence: str, by: str) -> Path:
    """Where a person's approval of an occurrence is written."""
    who = re.sub(r"[^\w.-]+", "-", " ".join(by.split()).casefold()).strip("-.") or "somebody"
    folder = project.root / FOLDER / safe_name(campaign)
    return folder / f"{safe_name(occurrence)}.{safe_name(who)}.yaml"


def texts_of(project: Project, approval: Approval) -> Path:
    """Where the full texts behind an approval are, on the machine where it was given."""
    name = f"{safe_name(approval.campaign)}.{safe_name(approval.occurrence)}.{approval.digest}"
    return project.private / "approvals" / f"{name}.json.gz"


def digest_of_content(content: Mapping[str, str]) -> str:
    """Digest of all that shapes messages but the audience."""
    return hashlib.sha256(json.dumps(dict(sorted(content.items()))).encode()).hexdigest()[:32]


def short_content(content: Mapping[str, str]) -> dict[str, str]:
    """What shapes messages by name, each as a digest that tells a change."""
    return {
        name: hashlib.sha256(value.encode()).hexdigest()[:12]
        for name, value in sorted(content.items())
    }


def ways_of(campaign: Campaign) -> dict[str, str]:
    """How far each article goes, and to which followers: no part of its bytes."""
    return {
        "+".join(one.languages): f"{one.deliver} {one.tag}" if one.tag else one.deliver
        for one in campaign.wechat
    }


def counted(prepared: Prepared) -> dict[str, int]:
    """How many messages each channel has."""
    counts: Counter[str] = Counter()
    for (channel, _language, state), number in prepared.plan.sums.counts.items():
        if state is not State.SKIPPED:
            counts[channel] += number
    return dict(sorted(counts.items()))


def known_key(project: Project) -> bytes | None:
    """This machine's key of the hashes, if it has one."""
    path = _key_file(project)
    try:
        return bytes.fromhex(path.read_text("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise MachineError(
            say("{path} cannot be read: {cause}", path=path, cause=error),
            hint=say("remove it: then approve anew"),
        ) from error


def _own_key(project: Project) -> bytes:
    """The same, made the first time."""
    known = known_key(project)
    if known is not None:
        return known
    key, path = token_bytes(32), _key_file(project)
    try:
        make_folder(path.parent, 0o700)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(key.hex())
    except OSError as error:
        raise _unwritable(error) from error
    return key


def _key_file(project: Project) -> Path:
    return project.private / "approvals" / "key"


def fingerprint(key: bytes) -> str:
    """What tells one machine's key from another's."""
    return hashlib.sha256(key).hexdigest()[:8]


def person_hash(key: bytes, what: str, *parts: str) -> str:
    """A keyed hash of one fact about a message."""
    size = {"key": 12, "class": 4, "bytes": 8}[what]
    return hmac(key, "\0".join((what, *parts)).encode(), "sha256")[:size].hex()


def seen_of(line: Planned, message: Message, campaign: Campaign) -> Seen:
    """A message as it is looked at."""
    return Seen(
        key=str(line.delivery.key),
        variant=variant_of(campaign, line.recipient) or "",
        language=line.delivery.language,
        subject=line.delivery.subject,
        text=words_of(message),
        digest=line.delivery.digest,
    )


def words_of(message: Message) -> str:
    """What a reader reads of a message, as text."""
    if isinstance(message, Mail):
        return message.text
    if isinstance(message, Article):
        return "\n\n".join(_article_words(one) for one in message.articles)
    return "\n".join(f"{name}: {value}" for name, value in message.fields)


def _article_words(article: Article) -> str:
    body = _TAG.sub("\n", article.html)
    lines = (line.strip() for line in body.splitlines())
    return "\n".join((article.title, article.summary, *(line for line in lines if line)))


def _person(one: Seen, key: bytes) -> str:
    return " ".join(
        (
            person_hash(key, "key", one.key),
            person_hash(key, "class", one.key, one.variant),
            person_hash(key, "bytes", one.key, one.digest),
        )
    )


def _looked_at(prepared: Prepared) -> tuple[list[Seen], list[ApprovedShape]]:
    """Every message, and the distinct texts among them with their numbers."""
    campaign, composer = prepared.gathered.campaign, prepared.composer
    texts: list[Seen] = []
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for line, message in messages(prepared):
        seen = seen_of(line, message, campaign)
        texts.append(seen)
        shape = composer.shape(line) if line.recipient is not None else seen.key
        channel = line.delivery.key.channel
        group = groups.setdefault((channel, seen.language, seen.variant, shape), [0, seen])
        group[0] += 1
    return texts, [_shape(prepared, key, number, seen) for key, (number, seen) in groups.items()]


def messages(prepared: Prepared) -> Iterator[tuple[Planned, Message]]:
    """Every line of the plan that has a message, with it."""
    for line in prepared.plan.lines:
        if line.delivery.state is not State.SKIPPED:
            yield line, prepared.composer.compose(line)


def _shape(prepared: Prepared, key: tuple[Any, ...], number: int, seen: Seen) -> ApprovedShape:
    channel, language, variant, shape = key
    if channel == "wechat":
        subject, text = seen.subject, seen.text
    elif channel == "email" and shape is not None:
        subject, text = prepared.composer.outline(shape)
    else:  # each is made by itself: a text that would name one reader's values
        subject, text = "", ""
    return ApprovedShape(
        channel=channel, language=language, variant=variant,
        number=number, subject=subject, text=text,
    )  # fmt: skip


def _unwritable(error: OSError) -> MachineError:
    return MachineError(
        say("the approval cannot be written: {cause}", cause=error.strerror or error),
        hint=say("make the project's folders approvals/ and .announce/ writable"),
    )
