"""What the fields of a template or subscription message may hold; beyond it answers are 47003."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from announce.model.message import Notice
from announce.problems import Place, Problem, Severity
from announce.texts import say, spoken

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SHOWN = 40
# Names of templates that are older than the kinds.
_OLD = re.compile(r"first|remark|keyword\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the values of one kind of field look like, and how that is told, by language."""

    pattern: re.Pattern[str]
    told: Mapping[str, str]


@cache
def _figures() -> Mapping[str, Any]:
    text = (files("announce") / "data" / "wechat_notices.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def rules() -> Mapping[str, Rule]:
    """The rules of `data/wechat_notices.yaml`, by kind."""
    return {
        kind: Rule(pattern=re.compile(entry["pattern"].replace("{han}", _HAN)), told=entry["rule"])
        for kind, entry in _figures()["kinds"].items()
    }


def repeats_within() -> int:
    """Seconds in which the platform sends the same client_msg_id to the same reader once."""
    return int(_figures()["repeat"])


def _cut(rule: Rule, value: str) -> str:
    """What shortens a value that is only too long."""
    fits = [n for n in (20, 32) if len(value) > n and rule.pattern.fullmatch(value[:n])]
    return say("; the filter cut({n}) shortens it", n=fits[-1]) if fits else ""


def check(notice: Notice) -> list[Problem]:
    """Every value of a notice that the platform would refuse (errors) or might (warnings)."""
    return list(_check(notice))


class Forms:
    """The fields that the notices of a campaign give to each template, by its id."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Notice] = {}

    def __iter__(self) -> Iterator[Notice]:
        """The first notice of each template."""
        return iter(self._first.values())

    def add(self, notice: Notice) -> list[Problem]:
        """One more notice; a fault where it gives its template other fields than the first."""
        first = self._first.setdefault((notice.use, notice.template_id), notice)
        given, before = (sorted(dict(one.fields)) for one in (notice, first))
        if given == before:
            return []
        return [
            fault(
                notice.source,
                say(
                    "template {id} gets the fields {these} here, and {those} from {file}",
                    id=notice.template_id,
                    these=", ".join(given),
                    those=", ".join(before),
                    file=first.source,
                ),
                say("a template has one set of fields: name the same ones in both files"),
            )
        ]


def fault(source: str, message: str, hint: str) -> Problem:
    """A fault of a template's notice."""
    return Problem(code="notice-field", place=Place(file=source), message=message, hint=hint)


def _check(notice: Notice) -> Iterator[Problem]:
    for name, value in notice.fields:
        rule = rules().get(name.rstrip("0123456789"))
        if rule is None and not _OLD.fullmatch(name):
            found = fault(
                notice.source,
                say('no kind of field is called "{name}"', name=name),
                say("a field's name is a kind and a number: {kinds}", kinds=", ".join(rules())),
            )
            yield replace(found, severity=Severity.WARNING)
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        if rule is not None and not rule.pattern.fullmatch(value):
            yield fault(
                notice.source,
                say(
                    '{name} of a notice is "{value}" ({n} characters), which WeChat refuses',
                    name=name,
                    value=shown,
                    n=len(value),
                ),
                say("it takes {rule}", rule=rule.told[spoken()]) + _cut(rule, value),
            )
        elif rule is None and len(value) > (most := _figures()["free"]):
            found = fault(
                notice.source,
                say("{name} of a notice has {n} characters", name=name, n=len(value)),
                say("more than {most} may be refused; the filter cut(20) shortens", most=most),
            )
            yield replace(found, severity=Severity.WARNING)
