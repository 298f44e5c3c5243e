"""A correction: a campaign to exactly those whom another one reached, in the same languages.

    campaigns/<id>-correction.yaml            what was wrong: to be filled in by a person
    templates/<language>/correction.md.j2     the words, where the project has none
    audiences/private/<id>-correction.csv     whom the ledger has as reached; not for git

Nothing is sent: the campaign has a fault until somebody has said what was wrong.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from announce.errors import InputError, MachineError
from announce.gathering import Gathered
from announce.ledger.files import write_whole
from announce.model.base import in_language
from announce.model.campaign import Campaign
from announce.model.delivery import Delivery, State
from announce.model.languages import Language, language_of
from announce.model.project import Project
from announce.texts import say

REACHED = (State.SENT, State.WAITING, State.IN_DOUBT)
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

_TEMPLATES: Mapping[Language, str] = {
    "zh": """---
subject: "更正：{{ facts.original }}"
preheader: "请以本次更正为准"
article: {title: "更正：{{ facts.original | cut(28) }}"}
---
{% if channel == "email" %}
{% if recipient.name %}
{{ recipient.name }}，您好！
{% else %}
您好！
{% endif %}
{% endif %}

此前的“{{ facts.original }}”有误，现更正如下：

**{{ facts.correction }}**

请以此为准。给您带来不便，谨致歉意。

{{ sender.name }}
""",
    "en": """---
subject: "Correction: {{ facts.original }}"
preheader: "Please go by this correction"
article: {title: "Correction: {{ facts.original | cut(20) }}"}
---
{% if channel == "email" %}
{% if recipient.name %}
Dear {{ recipient.name }},
{% else %}
Dear colleague,
{% endif %}
{% endif %}

Our message “{{ facts.original }}” was wrong. The correction:

**{{ facts.correction }}**

Please go by this one. We apologise for the confusion.

{{ sender.name }}
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was written: the campaign's file, all files, and how many it is addressed to. `others`
    were reached in a way that a mail cannot follow, by channel."""

    campaign: Path
    files: tuple[Path, ...]
    people: int
    others: Mapping[str, int]


def begin_correction(gathered: Gathered, rows: Iterable[Delivery]) -> Correction:
    """Write the files of a correction to those whom these deliveries reached.

    InputError where nobody was reached, or a correction is there already; MachineError where a
    file cannot be written. A template that the project has already is left as it is.
    """
    project, campaign = gathered.project, gathered.campaign
    reached = [row for row in rows if row.state in REACHED]
    if not reached:
        raise InputError(
            say("{campaign} reached nobody: there is nothing to correct", campaign=campaign.id),
            hint=say("mend it, then send it"),
        )
    name = f"{campaign.id}-correction"
    mails = [row for row in reached if row.key.channel == "email"]
    files = dict[Path, str]()
    path = project.root / "campaigns" / f"{name}.yaml"
    audience = project.root / "audiences" / "private" / f"{name}.csv"
    for one in (path, audience):
        if one.exists():
            raise InputError(
                say("{file} is there already", file=one.relative_to(project.root)),
                hint=say("go on with it, or remove it first"),
            )
    if mails:
        files[audience] = _audience(gathered, mails)
        files[audience.parent / ".gitignore"] = "*\n"
    for language in project.languages:
        template = project.root / "templates" / language / "correction.md.j2"
        if not template.exists():
            files[template] = _TEMPLATES[language]
    files[path] = _campaign(project, campaign, name, audience if mails else None, reached)
    _write(files)
    others = Counter(row.key.channel for row in reached if row.key.channel != "email")
    return Correction(
        campaign=path, files=tuple(files), people=len(mails), others=dict(sorted(others.items()))
    )


def _write(files: Mapping[Path, str]) -> None:
    try:
        for path, text in files.items():
            if not (path.name == ".gitignore" and path.exists()):
                write_whole(path, text)
    except OSError as error:
        raise MachineError(
            say("the correction cannot be written: {cause}", cause=error.strerror or error),
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
    audience: Path | None,
    reached: Iterable[Delivery],
) -> str:
    original = ", ".join(f"{one}: {_quoted(in_language(campaign.title, one))}" for one in _LANGUAGES
                         if one in project.languages)  # fmt: skip
    blank = ", ".join(f"{one}: " for one in project.languages)
    lines = [
        f"# A correction to those whom {campaign.id} reached, and to nobody else.",
        "# Say below what is right, in both languages; then look at it: announce preview.",
        "",
        f"campaign: {name}",
        "kind: correction",
        f"title: {{{original}}}",
        f"purpose: {campaign.purpose}",
        "",
        "facts:",
        f"  original: {{{original}}}",
        f"  correction: {{{blank}}}   # fill in",
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
