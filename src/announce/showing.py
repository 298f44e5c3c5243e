"""A campaign's preview: prepared, written as a folder of pages, and told with its standing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from announce.approved import Verdict, verdict
from announce.approving import digest_of_content, ways_of
from announce.dispatch import Options
from announce.forecast import in_words
from announce.gates import refusals
from announce.gathering import Opened, shown
from announce.model.approval import Approval
from announce.model.base import in_interface
from announce.model.plan import Planned
from announce.model.wording import moment_text
from announce.outlets import open_ledger_of
from announce.planning import variant_of
from announce.preparing import Prepared, prepare_opened
from announce.preview.folder import PreviewFolder
from announce.preview.story import Standing, Story
from announce.reading.approvals import read_approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A preview as it was written: what it is of, its first page, how many messages, and the
    sign of all that an approval given on it is of."""

    prepared: Prepared
    index: Path
    written: int
    sign: str


def write_preview(opened: Opened, folder: Path, now: datetime) -> Shown:
    """Prepare a campaign and write its preview. Sends nothing. InputError with every fault found;
    the folder stays as it is where one is found before the first message."""
    local = now.astimezone(ZoneInfo(opened.project.settings.timezone))
    # A fault of theirs must be told before the last good preview is replaced.
    read_approvals(opened.project, opened.campaign.id)
    # The ledger's secret makes the Message-IDs: it is there before the first message then.
    with closing(open_ledger_of(opened.project, "email", create=True)) as ledger:
        preview = PreviewFolder(folder, local, ledger.message_id)
        prepared = prepare_opened(opened, now, seen=preview.add)
    story = _story(prepared, local)
    index = preview.finish(story)
    return Shown(prepared=prepared, index=index, written=preview.written, sign=story.sign)


def sign_of(prepared: Prepared) -> str:
    """What stands for all that an approval is of: who gets which bytes, and how far each article
    goes. Two that are equal may be approved one for the other."""
    ways = ways_of(prepared.gathered.campaign)
    words = digest_of_content(prepared.plan.content)
    whole = json.dumps([prepared.plan.digest, words, ways], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _story(prepared: Prepared, now: datetime) -> Story:
    campaign, told = prepared.gathered.campaign, prepared.forecast
    found = verdict(prepared)
    unapproved = found.refusal.message if found.refusal else None
    # What is missing of approvals has a place of its own on the page.
    refused = [
        one
        for one in refusals(prepared, Options())
        if unapproved is None or not one.message.endswith(unapproved)
    ]
    plan = replace(prepared.plan, problems=(*prepared.plan.problems, *refused))
    zone = ZoneInfo(prepared.gathered.project.settings.timezone)
    due = campaign.occurrence.due
    return Story(
        plan=plan,
        title=in_interface(campaign.title),
        file=shown(campaign.path, prepared.gathered.project.root),
        now=now,
        due=moment_text(due.astimezone(zone)) if due else "",
        forecast=in_words(told, zone) if told is not None and told.is_slow else "",
        approvals=tuple(_standing(one, found) for one in (*found.holding, *found.others)),
        asks=campaign.approvals is not None,
        refusal=found.refusal.message if found.refusal else "",
        sign=sign_of(prepared),
        kind_of=lambda line: _kind_of(prepared, line),
        outline=lambda shape: prepared.composer.outline(shape)[1],
    )


def _standing(one: Approval, found: Verdict) -> Standing:
    return Standing(
        by=one.by, when=f"{one.when:%Y-%m-%d %H:%M}", note=one.note, holds=one in found.holding
    )


def _kind_of(prepared: Prepared, line: Planned) -> tuple[str, Hashable | None]:
    variant = variant_of(prepared.gathered.campaign, line.recipient) or ""
    shape = prepared.composer.shape(line) if line.recipient is not None else None
    return variant, shape
