"""What differs between what was approved and what would be sent now."""

from __future__ import annotations

import difflib
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from announce.approving import (
    Seen,
    counted,
    fingerprint,
    known_key,
    messages,
    person_hash,
    seen_of,
    short_content,
    texts_of,
    ways_of,
)
from announce.content import changes
from announce.covering import campaign_of, covered
from announce.model.approval import EVERY, Approval
from announce.model.delivery import State
from announce.planning import variant_of
from announce.preparing import Prepared
from announce.texts import say, say_n

_NAMED = 5  # of each kind of difference
_AROUND = 6  # words, or signs, before and after a change that are shown
_WORDS = re.compile(r"[A-Za-z0-9_@.:/'-]+|\s+|.", re.DOTALL)


@dataclass(slots=True)
class Comparison:
    """An approval against the plan, message by message where this machine can tell them apart."""

    approval: Approval
    prepared: Prepared
    can_name: bool = False
    new: list[Seen] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    suppressed: list[str] = field(default_factory=list)
    moved: list[Seen] = field(default_factory=list)
    changed: list[Seen] = field(default_factory=list)
    behind: dict[str, Seen] = field(default_factory=dict)
    content: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self._open_texts()
        key = known_key(self.prepared.gathered.project)
        # Of every occurrence one was looked at, which need not be this one.
        if self.approval.occurrence == EVERY:
            return
        self.can_name = key is not None and fingerprint(key) == self.approval.key
        if key is not None and self.can_name:
            self._compare(key)

    def _open_texts(self) -> None:
        path = texts_of(self.prepared.gathered.project, self.approval)
        try:
            document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        except (OSError, ValueError, EOFError):
            return  # they are on another machine, or were cleared away
        self.content = document["content"]
        self.behind = {one[0]: Seen(*one) for one in document["texts"]}

    def _compare(self, key: bytes) -> None:
        approved = {
            who: (kind, octets)
            for who, kind, octets in (line.split() for line in self.approval.people.splitlines())
        }
        campaign = self.prepared.gathered.campaign
        for line, message in messages(self.prepared):
            seen = seen_of(line, message, campaign)
            before = approved.pop(person_hash(key, "key", seen.key), None)
            if before is None:
                self.new.append(seen)
            elif before[0] != person_hash(key, "class", seen.key, seen.variant):
                self.moved.append(seen)
            elif before[1] != person_hash(key, "bytes", seen.key, seen.digest):
                self.changed.append(seen)
        for line in self.prepared.plan.lines:
            if line.delivery.state is State.SKIPPED:
                who = person_hash(key, "key", str(line.delivery.key))
                if approved.pop(who, None) is not None:
                    self.suppressed.append(line.delivery.key.recipient)
        names = {person_hash(key, "key", one): one for one in self.behind}
        self.gone = [_recipient(names.get(who, "")) for who in approved]

    def told(self) -> Iterator[str]:
        """The differences, those of people first."""
        yield from self._people()
        yield from self._settings()
        yield from self._texts()

    def _people(self) -> Iterator[str]:
        before, after = self.approval.messages, counted(self.prepared)
        if self.approval.occurrence == EVERY:
            return
        if not self.can_name:
            for channel in sorted(before.keys() | after.keys()):
                if before.get(channel, 0) != after.get(channel, 0):
                    yield say(
                        "{channel}: {before} messages were approved, {after} would be sent",
                        channel=channel,
                        before=before.get(channel, 0),
                        after=after.get(channel, 0),
                    )
            yield from self._classes()
            return
        if self.new:
            names = _names([_recipient(one.key) for one in self.new])
            yield say_n("{n} is new: {names}", "{n} are new: {names}", len(self.new), names=names)
        if self.gone:
            yield say_n(
                "{n} is gone: {names}", "{n} are gone: {names}",
                len(self.gone), names=_names(self.gone),
            )  # fmt: skip
        if self.suppressed:
            yield say_n(
                "{n} is suppressed now: {names}", "{n} are suppressed now: {names}",
                len(self.suppressed), names=_names(self.suppressed),
            )  # fmt: skip
        for one in self.moved[:_NAMED]:
            old = self.behind.get(one.key)
            yield say(
                "{key} moved from {old} to {new}",
                key=_recipient(one.key),
                old=old.variant if old else "?",
                new=one.variant,
            )
        if len(self.moved) > _NAMED:
            yield say("… and {n} more moved", n=len(self.moved) - _NAMED)

    def _classes(self) -> Iterator[str]:
        campaign = self.prepared.gathered.campaign
        now = Counter(
            variant_of(campaign, line.recipient) or ""
            for line in self.prepared.plan.lines
            if line.delivery.state is not State.SKIPPED
        )
        for name in sorted({*self.approval.classes, *filter(None, now)}):
            before, after = self.approval.classes.get(name, 0), now[name]
            if before != after:
                yield say(
                    "class {name}: {before} were approved, {after} would be sent",
                    name=name, before=before, after=after,
                )  # fmt: skip

    def _settings(self) -> Iterator[str]:
        content = covered(self.approval.occurrence, self.prepared)
        ways = ways_of(campaign_of(self.approval, self.prepared))
        for name in sorted(self.approval.ways.keys() | ways.keys()):
            before, after = self.approval.ways.get(name, "–"), ways.get(name, "–")
            if before != after:
                yield say(
                    "article {name}: {before} → {after}", name=name, before=before, after=after
                )
        if self.content is not None:
            yield from changes(self.content, content)
        else:
            now = short_content(content)
            for name in sorted(self.approval.content.keys() | now.keys()):
                if self.approval.content.get(name) != now.get(name):
                    yield say("{name}: changed", name=name.removeprefix("template "))
        most = self.approval.most
        number = sum(counted(self.prepared).values())
        if most is not None and number > most:
            yield say("{n} messages, and at most {most} were approved", n=number, most=most)

    def _texts(self) -> Iterator[str]:
        if not self.changed and self.can_name:
            return
        if self.can_name:
            yield say_n(
                "the text of {n} message changed", "the text of {n} messages changed",
                len(self.changed),
            )  # fmt: skip
        told: set[tuple[str, ...]] = set()
        for one in self.changed:
            old = self.behind.get(one.key)
            lines = tuple(word_changes(old, one)) if old else ()
            # One edit of a template shows in many messages: it is told once.
            if lines and lines not in told and len(told) < _NAMED:
                told.add(lines)
                yield f"  {_recipient(one.key)}:"
                yield from lines


def word_changes(old: Seen, new: Seen) -> Iterator[str]:
    """What changed between two texts, a line a place, word by word, Chinese by characters."""
    for before, after in ((old.subject, new.subject), (old.text, new.text)):
        if before != after:
            yield from _changes(_WORDS.findall(before), _WORDS.findall(after))


def _changes(old: list[str], new: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    places = [one for one in matcher.get_opcodes() if one[0] != "equal"]
    for _, a, b, c, d in places[:_NAMED]:
        before = _flat(old[max(0, a - _AROUND) : a])
        after = _flat(old[b : b + _AROUND])
        gone = f"[-{_flat(old[a:b])}-]" if a < b else ""
        come = f"{{+{_flat(new[c:d])}+}}" if c < d else ""
        yield f"    …{before}{gone}{come}{after}…"
    if len(places) > _NAMED:
        yield say("    … and {n} more places", n=len(places) - _NAMED)


def _flat(words: list[str]) -> str:
    return re.sub(r"\s+", " ", "".join(words))


def _names(names: list[str]) -> str:
    shown = say(", ").join(names[:_NAMED])
    return f"{shown} …" if len(names) > _NAMED else shown


def _recipient(key: str) -> str:
    """The recipient's key in a delivery's; "?" where nobody here knows the name."""
    return key.split("|", 3)[3] if key else "?"
