"""What is left of the account's calls today: as we counted, or as the platform says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from announce.articles.desk import Desk, end_of_run
from announce.articles.rights import remembered
from announce.channels.wechat.failures import ApiFailure
from announce.channels.wechat.publishing import POLLS
from announce.channels.wechat.quotas import documented

# The calls on an article's way, and those of the commands about it.
ON_THE_WAY = (
    "stable_token",
    "material/add_material",
    "media/uploadimg",
    "draft/add",
    "draft/get",
    "draft/update",
    "draft/batchget",
    "draft/delete",
    "freepublish/submit",
    "freepublish/get",
    "freepublish/batchget",
    "freepublish/getarticle",
    "freepublish/delete",
    "message/mass/sendall",
    "message/mass/preview",
)
# How often one publication is asked after by the send that began it.
POLLS_EACH = len(POLLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One endpoint's day: `counted` calls of ours, the `limit` of a day (None: not documented).
    `platform` is its own account of it, (limit, used, left), where it was asked and told."""

    endpoint: str
    counted: int
    limit: int | None
    platform: tuple[int, int, int] | None = None

    @property
    def left(self) -> int | None:
        """What is left of the day, the platform's word before ours."""
        if self.platform is not None:
            return self.platform[2]
        return None if self.limit is None else max(0, self.limit - self.counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How many more messages can be drafted, published and sent to followers today, and how often
    can be asked after a publication."""

    drafts: int
    publications: int
    masses: int
    polls: int


def uses(desk: Desk) -> list[Use]:
    """The endpoints of an article's way, and whatever else was called today, as we counted."""
    quotas = documented()
    day = desk.now().astimezone(quotas.zone).date()
    calls = desk.ledger.accounts.calls(desk.app_id, day)
    names = dict.fromkeys((*ON_THE_WAY, *calls))
    return [
        Use(endpoint=name, counted=calls.get(name, 0), limit=quotas.a_day.get(name))
        for name in names
    ]


def asked(desk: Desk, found: Iterable[Use]) -> list[Use]:
    """The same with what the platform says of each; it does not tell of all."""
    desk.log_in()
    return [replace(use, platform=_asked(desk, use.endpoint)) for use in found]


def _asked(desk: Desk, endpoint: str) -> tuple[int, int, int] | None:
    try:
        told = desk.account.quota(endpoint)
    except ApiFailure as failure:
        end_of_run(failure)
        return None
    figures = [told.get(name) for name in ("daily_limit", "used", "remain")]
    limit, used, left = (one if isinstance(one, int) else None for one in figures)
    if limit is None or used is None or left is None:
        return None
    return limit, used, left


def outlook(found: Iterable[Use], rights: Mapping[str, bool | None]) -> Outlook:
    """What is left of the day comes to; nothing where the account is known not to have the
    right."""
    left = {use.endpoint: use.left for use in found}

    def least(*endpoints: str) -> int:
        return min((n for one in endpoints if (n := left.get(one)) is not None), default=0)

    polls = least("freepublish/get")
    drafts = least("draft/add", "draft/get", "material/add_material")
    if rights.get("draft") is False:
        drafts = 0
    published = min(drafts, least("freepublish/submit"), polls // POLLS_EACH)
    sent = min(drafts, least("message/mass/sendall"))
    return Outlook(
        drafts=drafts,
        publications=0 if rights.get("publish") is False else published,
        masses=0 if rights.get("mass") is False else sent,
        polls=polls,
    )


def known_rights(desk: Desk) -> dict[str, bool | None]:
    """The rights as they were last known."""
    return {
        name: right.may for name, right in remembered(desk.ledger.accounts, desk.app_id).items()
    }
