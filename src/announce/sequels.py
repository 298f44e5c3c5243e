"""A campaign that follows another one: to exactly those whom it reached, in the same languages.

    campaigns/<id>-<what>.yaml              what is to be told
    templates/<language>/<kind>.md.j2       the words, where the project has none
    audiences/private/<id>-<what>.csv       whom the ledger has as reached; not for git

Nothing is sent.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path

from announce.errors import InputError, MachineError
from announce.gathering import Gathered
from announce.ledger.files import write_whole
from announce.model.base import Localised, in_language
from announce.model.campaign import Campaign
from announce.model.delivery import Delivery, State
from announce.model.languages import Language, language_of
from announce.model.project import Project
from announce.texts import say

REACHED = (State.SENT, State.WAITING, State.IN_DOUBT)
_LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """What follows a campaign: `what` ends its id, `kind` names the templates (where the project
    has none: those of `data/sequels/`), `facts` are the lines below `facts:`, `about` the comment
    that the file begins with."""

    what: str
    kind: str
    facts: Sequence[str]
    about: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What was written: the campaign's file, all files, and how many it is addressed to. `others`
    were reached in a way that a mail cannot follow, by channel."""

    campaign: Path
    files: tuple[Path, ...]
    people: int
    others: Mapping[str, int]


def begin_sequel(gathered: Gathered, rows: Iterable[Delivery], sequel: Sequel) -> Begun:
    """Write the files of a sequel to those whom these deliveries reached, each of them once.

    InputError where it is there already; MachineError where a file cannot be written. A template
    that the project has already is left as it is.
    """
    project, campaign = gathered.project, gathered.campaign
    newest = {(row.key.channel, row.key.recipient): row for row in rows if row.state in REACHED}
    reached = list(newest.values())
    name = f"{campaign.id}-{sequel.what}"
    mails = [row for row in reached if row.key.channel == "email"]
    written = dict[Path, str]()
    path = project.root / "campaigns" / f"{name}.yaml"
    audience = project.root / "audiences" / "private" / f"{name}.csv"
    for one in (path, audience):
        if one.exists():
            raise InputError(
                say("{file} is there already", file=one.relative_to(project.root)),
                hint=say("go on with it, or remove it first"),
            )
    if mails:
        written[audience] = _audience(gathered, mails)
        written[audience.parent / ".gitignore"] = "*\n"
    for language in project.languages:
        template = project.root / "templates" / language / f"{sequel.kind}.md.j2"
        if not template.exists():
            written[template] = _template(sequel.kind, language)
    written[path] = _campaign(project, campaign, name, sequel, audience if mails else None, reached)
    _write(written)
    others = Counter(row.key.channel for row in reached if row.key.channel != "email")
    return Begun(
        campaign=path, files=tuple(written), people=len(mails), others=dict(sorted(others.items()))
    )


def _template(kind: str, language: Language) -> str:
    name = f"{kind}.{language}.md.j2"
    return (files("announce") / "data" / "sequels" / name).read_text(encoding="utf-8")


def original_title(project: Project, campaign: Campaign) -> str:
    """The campaign's title in the project's languages, as YAML."""
    return as_yaml(project, campaign.title)


def as_yaml(project: Project, text: Localised) -> str:
    """A text in the project's languages, as YAML."""
    words = (
        f"{one}: {_quoted(in_language(text, one))}"
        for one in _LANGUAGES
        if one in project.languages
    )
    return f"{{{', '.join(words)}}}"


def _write(files: Mapping[Path, str]) -> None:
    try:
        for path, text in files.items():
            if not (path.name == ".gitignore" and path.exists()):
                write_whole(path, text)
    except OSError as error:
        raise MachineError(
            say("the new campaign cannot be written: {cause}", cause=error.strerror or error),
            hint=say("make the project's folders writable"),
        ) from error


def _audience(gathered: Gathered, rows: Iterable[Delivery]) -> str:
    """Who was reached, at the addresses that took it, with the name they had in the audience."""
    people = gathered.audience.recipients
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("key", "name", "address", "language"))
    for row in rows:
        number = people.find(row.key.recipient)
        name = people[number].name if number is not None else ""
        language = language_of(row.language.split("+")[0]) or ""
        writer.writerow((row.key.recipient, name, "; ".join(row.to), language))
    return table.getvalue()


def _campaign(
    project: Project,
    campaign: Campaign,
    name: str,
    sequel: Sequel,
    audience: Path | None,
    reached: Iterable[Delivery],
) -> str:
    lines = [
        *(f"# {line}" for line in sequel.about),
        "",
        f"campaign: {name}",
        f"kind: {sequel.kind}",
        f"title: {original_title(project, campaign)}",
        f"purpose: {campaign.purpose}",
        "",
        "facts:",
        *(f"  {line}" for line in sequel.facts),
    ]
    if audience is not None:
        languages = campaign.email.languages if campaign.email else "recipient"
        shown = languages if isinstance(languages, str) else f"[{', '.join(languages)}]"
        file = audience.relative_to(project.root).as_posix()
        lines += ["", "audience:", f"  file: {file}", "", "email:", f"  languages: {shown}"]
    lines += _articles(campaign, reached)
    if campaign.approvals is not None:
        rule = campaign.approvals
        lines += ["", f"author: {_quoted(campaign.author)}"] if campaign.author else [""]
        lines += [f"approval: {_rule(rule.by, rule.not_)}"]
    return "\n".join(lines) + "\n"


def _articles(campaign: Campaign, reached: Iterable[Delivery]) -> list[str]:
    """A draft for each article that came to the account: a person decides whether it goes out."""
    languages = {row.language for row in reached if row.key.channel == "wechat"}
    found = [one for one in campaign.wechat if "+".join(one.languages) in languages]
    if not found:
        return []
    lines = ["", "wechat:"]
    for one in found:
        lines.append(f"  - language: [{', '.join(one.languages)}]")
        lines.append("    deliver: draft")
        for key in ("author", "original_url"):
            value = getattr(one, key)
            if value is not None:
                lines.append(f"    {key}: {_quoted(value)}")
    return lines


def _rule(by: int, excluded: str | list[str] | None) -> str:
    if by == 1 and excluded is None:
        return "required"
    return f"{{by: {by}}}" if excluded is None else f"{{by: {by}, not: {_quoted(excluded)}}}"


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
