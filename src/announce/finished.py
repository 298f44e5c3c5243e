"""A send that would find nothing to do is recognised by its inputs, without composing anything.

When a send ends with nothing left to do, the ledger keeps a fingerprint of all that it was made
from. While that is the same, and the ledger still has nothing due, neither the audience nor the
templates are looked at again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from announce import __version__
from announce.errors import AnnounceError, MachineError
from announce.ledger.base import Ledger
from announce.ledger.lineage import verify
from announce.ledger.marks import state_folder
from announce.model.base import Localised
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Channel, State
from announce.model.project import Project, Secret
from announce.outlets import (
    is_sandboxed,
    open_ledger_of,
    open_project_ledger,
    wechat_account,
)
from announce.problems import Place, Problem, Severity
from announce.reading.campaigns import campaign_files
from announce.texts import spoken

_DONE = frozenset({State.SENT, State.SKIPPED})
_MANY = 200  # problems that are kept; a file with more is looked at again


def fingerprint(project: Project, campaign: Campaign) -> str | None:
    """What tells one set of inputs from another: the bytes of all files that a send reads, who is
    suppressed, and what settings take from the environment (of secrets only whether they are
    there). None where it cannot be told: files that rows name, or something that is missing.
    """
    attachments = campaign.email.attachments if campaign.email else []
    if any(one.column is not None for one in attachments):
        return None
    state = sha256()
    try:
        for name, content in _inputs(project, campaign):
            for part in (name.encode(), content):
                state.update(len(part).to_bytes(8, "big") + part)
    except (OSError, MachineError):
        return None
    return state.hexdigest()


def recall(project: Project, campaign: Campaign, inputs: str) -> list[Problem] | None:
    """What there was to tell of these inputs, if the last send of exactly these left nothing to
    do and nothing is to be done now; None where a send must look."""
    problems: list[Problem] = []
    try:
        for channels in _by_ledger(project, campaign):
            with closing(open_ledger_of(project, channels[0])) as ledger:
                kept = ledger.finished(campaign.id, campaign.occurrence.id)
                if kept is None or kept.get("inputs") != inputs:
                    return None
                if ledger.running(campaign.id) or not _is_done(ledger, campaign, channels):
                    return None
                if not is_sandboxed(project, channels[0]):
                    verify(ledger, project.root, state_folder())
                problems = [_problem(facts) for facts in kept["problems"]]
    except AnnounceError:
        return None  # the send itself tells what is wrong
    return problems


def keep(project: Project, campaign: Campaign, inputs: str, problems: tuple[Problem, ...]) -> None:
    """Keep that a send of these inputs left nothing to do, if it did not. `problems` are what
    there was to tell of them."""
    if len(problems) > _MANY:
        return
    facts = {"inputs": inputs, "problems": [asdict(problem) for problem in problems]}
    for channels in _by_ledger(project, campaign):
        with closing(open_ledger_of(project, channels[0])) as ledger:
            if _is_done(ledger, campaign, channels):
                ledger.keep_finished(campaign.id, campaign.occurrence.id, facts)


def forget(project: Project, campaign: Campaign) -> None:
    """A send begins: what the last one left is no longer known."""
    for channels in _by_ledger(project, campaign):
        with closing(open_ledger_of(project, channels[0])) as ledger:
            if ledger.finished(campaign.id, campaign.occurrence.id) is not None:
                ledger.keep_finished(campaign.id, campaign.occurrence.id, None)


def _by_ledger(project: Project, campaign: Campaign) -> list[list[Channel]]:
    """The campaign's channels, those that share a ledger together."""
    found: dict[bool, list[Channel]] = {}
    for channel in channels_of(campaign):
        found.setdefault(is_sandboxed(project, channel), []).append(channel)
    return list(found.values())


def _is_done(ledger: Ledger, campaign: Campaign, channels: list[Channel]) -> bool:
    """Whether everything that the ledger has of these channels is sent or skipped."""
    totals = [ledger.totals(campaign.id, campaign.occurrence.id, channel) for channel in channels]
    return all(one and not one.keys() - _DONE for one in totals)


def _problem(facts: dict[str, Any]) -> Problem:
    place, severity = Place(**facts["place"]), Severity(facts["severity"])
    return Problem(**{**facts, "place": place, "severity": severity})


def _inputs(project: Project, campaign: Campaign) -> Iterator[tuple[str, bytes]]:
    yield "version", __version__.encode()
    yield "interface", spoken().encode()
    for path in sorted(_files(project, campaign)):
        with path.open("rb") as file:
            yield f"file {path}", file_digest(file, "sha256").digest()
    for name in sorted(_variables(project.settings)):
        yield f"variable {name}", b"set" if os.environ.get(name) else b""
    if campaign.wechat or campaign.notice:
        yield "official account", wechat_account(project).encode()
    with closing(open_project_ledger(project)) as ledger:
        for one in ledger.suppressions.all():
            yield "suppressed", "\0".join((one.address, one.reason, one.scope)).encode()


def _files(project: Project, campaign: Campaign) -> set[Path]:
    """Every file that shapes messages or says who gets them."""
    root = project.root
    files = {root / "announce.yaml", campaign.path, *campaign_files(project)}
    files |= {path for path in (root / "templates").rglob("*") if path.is_file()}
    if campaign.audience:
        files |= {root / name for name in (campaign.audience.file, *campaign.audience.exclude)}
    named: list[Localised] = [*campaign.pictures.values()]
    named += [cover for article in campaign.wechat for cover in article.covers]
    if campaign.wechat and project.settings.wechat.font:
        named.append(project.settings.wechat.font)
    named += [
        one.file for one in (campaign.email.attachments if campaign.email else []) if one.file
    ]
    for text in named:
        names = [text] if isinstance(text, str) else list(text.values())
        files |= {root / name for name in names if not name.startswith("https://")}
    return files


def _variables(settings: BaseModel) -> Iterator[str]:
    """The environment variables that hold secrets of the settings."""
    if isinstance(settings, Secret) and settings.env:
        yield settings.env
    for _name, value in settings:
        if isinstance(value, BaseModel):
            yield from _variables(value)
