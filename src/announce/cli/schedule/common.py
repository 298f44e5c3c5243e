"""What the commands of a schedule share: its campaigns, and moments in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from announce.errors import AnnounceError, GateError, InputError
from announce.gathering import Opened, campaign_id, open_campaign
from announce.model.campaign import channels_of
from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.model.wording import listed_channels, moment_text, reason_text
from announce.outlets import is_sandboxed
from announce.reading.campaigns import campaign_files, shown_path
from announce.scheduling import standings
from announce.standing import Stand, Standing
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A scheduled campaign with its occurrences as they stand; or why it cannot be read."""

    file: str
    opened: Opened | None = None
    standings: tuple[Standing, ...] = ()
    error: AnnounceError | None = None

    @property
    def id(self) -> str:
        """The campaign's id, as far as it can be read."""
        return self.opened.campaign.id if self.opened else self.file


def scheduled(
    project: Project,
    now: datetime,
    wanted: str | None = None,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> Iterator[Scheduled]:
    """The project's scheduled campaigns, or the wanted one. One at fault is told, and stands in
    nobody's way."""
    for path in campaign_files(project):
        file = shown_path(project, path)
        try:
            if wanted is not None and campaign_id(path) != wanted:
                continue
            opened = open_campaign(str(project.root), str(path))
            if not opened.campaign.schedule:
                if wanted is not None:
                    raise InputError(
                        say("{campaign} has no schedule", campaign=wanted),
                        hint=say("add `schedule:` to {file}", file=file),
                    )
                continue
            found = tuple(standings(opened, now, begin=begin, end=end))
        except AnnounceError as error:
            yield Scheduled(file=file, error=error)
        else:
            yield Scheduled(file=file, opened=opened, standings=found)


def refuse_for_schedule(opened: Opened, *, sandbox: bool) -> None:
    """Raise for what nobody would be there to see: a past season, or a rehearsal that was not asked
    for."""
    campaign = opened.campaign
    if campaign.as_of is not None:
        raise InputError(
            say("{campaign} has `as_of`: it rehearses a past season", campaign=campaign.id),
            hint=say("take `as_of` out before anything is sent by schedule"),
        )
    rehearsed = [one for one in channels_of(campaign) if is_sandboxed(opened.project, one)]
    if rehearsed and not sandbox:
        raise GateError(
            say(
                "{campaign} would only be rehearsed, for want of an account: {channels}",
                campaign=campaign.id,
                channels=listed_channels(rehearsed),
            ),
            hint=say("set the account up in announce.yaml, or add --sandbox to rehearse"),
        )


def when(moment: datetime | None, project: Project) -> str:
    """A moment in the project's zone, with the day of the week and the offset."""
    if moment is None:
        return "–"
    return moment_text(moment.astimezone(ZoneInfo(project.settings.timezone)))


def due_text(one: Occurrence, project: Project) -> str:
    """When an occurrence is due: in the project's zone, and in its own where that is another."""
    text = when(one.due, project)
    local = one.due and one.due.astimezone(ZoneInfo(project.settings.timezone))
    if one.due and local and one.due.utcoffset() != local.utcoffset():
        text += say(" = {when}", when=moment_text(one.due))
    return text + say(" (moved: {why})", why=one.moved) if one.moved else text


def stand_text(one: Standing, project: Project) -> str:
    """How an occurrence stands, in words."""
    words = {
        Stand.COMING: say("to come"),
        Stand.DUE: say("due now"),
        Stand.ASKS: say("asks what becomes of it"),
        Stand.LAPSED: say("over, not sent"),
        Stand.DONE: say("sent"),
        Stand.SKIPPED: say("left out"),
    }[one.stand]
    if one.stand is Stand.COMING and one.occurrence.skipped:
        return say("will be left out: {why}", why=one.occurrence.skipped)
    if one.stand is Stand.DONE and one.decided is not None:
        words = say("sent {when}", when=when(one.decided.at, project))
    if one.reason:
        words = say("{what}: {why}", what=words, why=reason_text(one.reason))
    return say("{what} (no longer in the file)", what=words) if one.occurrence.vanished else words


def part_name(one: Occurrence) -> str:
    """An occurrence's id, with its zone where each has its own moment."""
    return f"{one.id} ({one.zone})" if one.zone else one.id


def standing_json(one: Standing, project: Project) -> dict[str, object]:
    """An occurrence as a document."""
    occurrence, zone = one.occurrence, ZoneInfo(project.settings.timezone)

    def local(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None

    return {
        "occurrence": occurrence.id,
        "zone": occurrence.zone or None,
        "due": local(occurrence.due),
        "nominal": local(occurrence.nominal),
        "moved": occurrence.moved or None,
        "closes": local(occurrence.closes),
        "fact": occurrence.fact or None,
        "vanished": occurrence.vanished,
        "state": one.stand.value,
        "reason": one.reason or None,
        "decided": local(one.decided.at) if one.decided else None,
    }
