"""What shapes a campaign's messages, by name: so that a change after the first send can be told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from announce.channels.email.files import digest
from announce.gathering import Gathered
from announce.model.base import Localised
from announce.texts import say

# How names of contents begin: a file counts by its digest, a template by its text.
FILE = "file "
TEXT = "template "
SHOWN = 8  # changed lines of a template that are shown
WIDTH = 100


def content_of(gathered: Gathered, sources: Iterable[str]) -> dict[str, str]:
    """What shapes the campaign's messages on every channel, by name.

    The audience is not in it: a recipient merely added is no change of content. Nor is how far
    an article goes (`deliver`): a draft may go on to be published.
    """
    campaign, settings = gathered.campaign, gathered.project.settings
    root = gathered.project.root
    content = {f"{TEXT}{name}": (root / name).read_text(encoding="utf-8-sig") for name in sources}
    shaping = campaign.model_dump(
        include={"kind", "title", "purpose", "pictures", "template", "email", "notice"}
    )
    shaping["facts"] = campaign.facts
    shaping["wechat"] = {
        "+".join(article.languages): article.model_dump(exclude={"deliver", "tag"})
        for article in campaign.wechat
    }
    shaping["project"] = {
        "name": settings.name,
        "languages": settings.languages,
        "sender": settings.sender.model_dump(),
        "list_id": settings.email.list_id,
        "author": settings.wechat.author,
    }
    if campaign.wechat:  # of the letters of covers that are made
        shaping["project"]["font"] = settings.wechat.font
    content |= dict(_flat("", shaping))
    content |= dict(_files(gathered))
    return content


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value, start=1):
            yield from _flat(f"{prefix}.{place}", inner)
    elif value is not None:
        yield prefix, str(value)


def _files(gathered: Gathered) -> Iterator[tuple[str, str]]:
    """Pictures and shared attachments count by what is in them."""
    campaign = gathered.campaign
    named: list[Localised] = [*campaign.pictures.values()]
    named += [cover for article in campaign.wechat for cover in article.covers]
    if campaign.wechat and (font := gathered.project.settings.wechat.font):
        named.append(font)
    if campaign.email:
        named += [one.file for one in campaign.email.attachments if one.file]
    for text in named:
        for name in [text] if isinstance(text, str) else text.values():
            path = gathered.project.root / name
            if not name.startswith("https://") and path.is_file():
                yield f"{FILE}{name}", digest(path.read_bytes())


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What differs between two contents, a line each, for people."""
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if name.startswith(FILE):
            lines.append(_file_change(name.removeprefix(FILE), before, after))
        elif name.startswith(TEXT):
            lines.append(_file_change(name.removeprefix(TEXT), before, after))
            lines += _text_change(before or "", after or "")
        elif before is None:
            lines.append(say("{name}: new: {after}", name=name, after=after))
        elif after is None:
            lines.append(say("{name}: gone; it was: {before}", name=name, before=before))
        else:
            lines.append(say("{name}: {before} → {after}", name=name, before=before, after=after))
    return lines


def _text_change(before: str, after: str) -> list[str]:
    """The first lines that differ, as `diff` marks them, cut around what differs."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            start = _common(old[a:b], new[c:d])
            lines += [f"  -{_cut(line, start)}" for line in old[a:b]]
            lines += [f"  +{_cut(line, start)}" for line in new[c:d]]
    if len(lines) > SHOWN:
        return [*lines[:SHOWN], say("  … and {n} more lines", n=len(lines) - SHOWN)]
    return lines


def _common(old: list[str], new: list[str]) -> int:
    """How many characters the first lines of a change begin alike."""
    if not (old and new):
        return 0
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(old[0], new[0], strict=False))
    return sum(1 for _ in alike)


def _cut(line: str, start: int) -> str:
    """At most `WIDTH` characters of a line, with some before the place where it differs."""
    begin = max(0, start - 30)
    part = line[begin : begin + WIDTH]
    return ("…" if begin else "") + part + ("…" if begin + WIDTH < len(line) else "")


def _file_change(name: str, before: str | None, after: str | None) -> str:
    if before is None:
        return say("{name}: new file", name=name)
    if after is None:
        return say("{name}: no longer used", name=name)
    return say("{name}: changed", name=name)
