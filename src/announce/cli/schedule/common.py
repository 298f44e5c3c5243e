"""What the commands of a schedule share: its campaigns, and moments in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from announce.choosing import rehearsed
from announce.cli.common import now
from announce.cli.occurrences import stand_text, when
from announce.errors import AnnounceError, GateError, InputError
from announce.forecast import full_until
from announce.gathering import Opened, campaign_id, open_campaign
from announce.model.project import Project
from announce.model.wording import listed_channels
from announce.reading.campaigns import campaign_files, shown_path
from announce.scheduling import standings
from announce.standing import ADOPTED, Stand, Standing
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
    channels = rehearsed(opened)
    if channels and not sandbox:
        raise GateError(
            say(
                "{campaign} would only be rehearsed, for want of an account: {channels}",
                campaign=campaign.id,
                channels=listed_channels(channels),
            ),
            hint=say("set the account up in announce.yaml, or add --sandbox to rehearse"),
        )


def waits_until(opened: Opened, one: Standing) -> datetime | None:
    """Until when one that would be due waits: for the end of a quiet time or, where it was begun,
    for room in its account; None where it does not."""
    if one.stand is Stand.COMING:
        return one.occurrence.held
    if one.stand is not Stand.DUE or not one.begun:
        return None
    return full_until(opened.project, opened.campaign, one.occurrence.id, now())


def state_text(campaign: Scheduled, one: Standing) -> str:
    """How an occurrence of a campaign stands, in words; also what it waits for."""
    assert campaign.opened is not None
    project = campaign.opened.project
    until = waits_until(campaign.opened, one)
    if until and one.stand is Stand.COMING:
        return say("late, waits for the end of quiet time: {when}", when=when(until, project))
    if until:
        return say("waits for room in the mail account until {when}", when=when(until, project))
    return stand_text(one, project)


def standing_json(campaign: Scheduled, one: Standing) -> dict[str, object]:
    """An occurrence of a campaign as a document."""
    assert campaign.opened is not None
    project, until = campaign.opened.project, waits_until(campaign.opened, one)
    is_known = one.decided is not None and one.reason != ADOPTED
    occurrence, zone = one.occurrence, ZoneInfo(project.settings.timezone)

    def local(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None

    return {
        "occurrence": occurrence.id,
        "zone": occurrence.zone or None,
        "due": local(occurrence.due) if occurrence.nominal else None,
        "nominal": local(occurrence.nominal),
        "moved": occurrence.moved or None,
        "closes": local(occurrence.closes),
        "fact": occurrence.fact or None,
        "vanished": occurrence.vanished,
        "state": one.stand.value,
        "reason": one.reason or None,
        "waits_until": local(until),
        "decided": local(one.decided.at) if one.decided and is_known else None,
    }
