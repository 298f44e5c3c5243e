"""What a test, or a person at the pages, may do to the account behind the API's back."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from announce.sandbox.wechat import jobs
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.drafts import Draft
from announce.sandbox.wechat.endpoints import Families
from announce.sandbox.wechat.events import kept_events
from announce.sandbox.wechat.faults import SEASON, Fault, Script
from announce.sandbox.wechat.journal import Journal, Request
from announce.sandbox.wechat.mass_jobs import ALREADY_ASKED, ASKED, SENT, MassOutcome
from announce.sandbox.wechat.notices import NoticeTemplate
from announce.sandbox.wechat.outbox import (
    MassMessage,
    Notice,
    Publication,
    masses_in,
    notices_in,
    publications_in,
)
from announce.sandbox.wechat.population import Follower
from announce.sandbox.wechat.protocol import PREFIX, Clock
from announce.sandbox.wechat.publishing import Outcome
from announce.sandbox.wechat.readers import Reached, readers
from announce.sandbox.wechat.state import State
from announce.sandbox.wechat.tokens import Tokens


class Scripted:
    """The doors that are not the API's: faults, outcomes, followers, and looking.

    Faults, outcomes and delays are this object's; everything else is the folder's.
    """

    def __init__(
        self, state: State, account: Account, families: Families, tokens: Tokens, now: Clock
    ) -> None:
        self.account = account
        self._state = state
        self._families = families
        self._tokens = tokens
        self._now = now
        self._journal = Journal(state)
        self._script = Script()

    # Faults

    def fail_next(self, path: str, kind: Fault | int | str, *, times: int = 1) -> None:
        """Make the next calls of an endpoint (`draft/add`) go wrong, once each.

        An integer is an error code, answered before anything happened. Raises ValueError for
        a kind that does not exist.
        """
        fault = kind if isinstance(kind, int) else Fault(kind)
        self._script.add(path.removeprefix(PREFIX), fault, times)

    def set_faults(
        self,
        dice: random.Random | None,
        rate: float = 0.0,
        *,
        kinds: Sequence[Fault | int] = SEASON,
    ) -> None:
        """A season: each call of whatever endpoint goes wrong with probability `rate`.

        The same dice and the same calls give the same season. None ends it.
        """
        self._script.season(dice, rate, kinds)

    def invalidate_tokens(self) -> None:
        """Another program asked for a token by force: those in use meet 40001 from now on."""
        self._tokens.invalidate(self._at())

    def material_settles_after(self, calls: int) -> None:
        """Let each new material be refused so many times (40007) before it may be used."""
        self._families.materials.settle_after(calls)

    def allow_calls(self, path: str, calls: int) -> None:
        """Let an endpoint be called so often a day, in place of the documented figure."""
        self._families.quotas.allow(path.removeprefix(PREFIX), calls)

    # What jobs come to

    @property
    def publish_delay(self) -> timedelta:
        """How long publishing and sending take, for jobs that begin from now on."""
        return self._families.publishing.delay

    @publish_delay.setter
    def publish_delay(self, delay: timedelta) -> None:
        self._families.publishing.delay = self._families.masses.delay = delay

    def publish_as(self, status: int, *, fail_idx: Sequence[int] = ()) -> None:
        """Let the next submission come to this publish_status: 0, 2, 3, 4 or 6.

        Called again, the one after it. Raises ValueError for another status.
        """
        self._families.publishing.script(Outcome(status=status, fail_idx=tuple(fail_idx)))

    def mass_as(self, status: str = SENT, *, reprint: bool | None = None) -> None:
        """Let the next mass message end with this Status (`err(20001)`).

        `reprint` True: the article is another's who lets it be reprinted; False: who does not.
        """
        self._families.mass_script.add(MassOutcome(status=status, reprint=reprint))

    def admin_confirms(self, code: int | None = ASKED) -> None:
        """Let messages to everybody wait for the administrator; None ends it.

        Raises ValueError for a code other than 89504 and 89505.
        """
        if code not in (None, ASKED, ALREADY_ASKED):
            raise ValueError(f"no message that waits is answered with {code}")
        self._families.masses.admin_confirms = code

    def admin_answers(self, yes: bool, msg_id: int | None = None) -> list[int]:
        """Let the administrator confirm or refuse what waits, or one message; tells which."""
        jobs_of = self._families.mass_jobs
        return jobs_of.admin_answers(yes, msg_id, self._at(), self.publish_delay)

    # Followers

    @property
    def followers(self) -> list[Follower]:
        """Everybody who follows or did."""
        return self._families.population.all()

    def add_follower(self, openid: str, *, tags: Iterable[str] = ()) -> None:
        """Let somebody follow, with tags by their names."""
        self.add_followers([openid], tags=tags)

    def meet(self, openid: str, template_id: str, use: str, fields: Iterable[str]) -> None:
        """Play along with a rehearsal that names a reader and a template (of `use` template or
        subscribe) which this account does not know: they are there from now on."""
        self._families.population.meet(openid, self._at())
        self._families.notices.meet(openid, template_id, use, fields)

    def add_followers(self, openids: Iterable[str], *, tags: Iterable[str] = ()) -> None:
        """Let many follow at once, all with the same tags."""
        self._families.population.add(openids, tags, self._at())

    def change_follower(
        self, openid: str, *, subscribed: bool | None = None, refuses: bool | None = None
    ) -> None:
        """Let one leave or come back, refuse messages or take them."""
        self._families.population.change(openid, subscribed=subscribed, refuses=refuses)

    @property
    def templates(self) -> list[NoticeTemplate]:
        """The account's templates of notices."""
        return self._families.notices.templates()

    def add_template(self, use: str, title: str, content: str) -> NoticeTemplate:
        """Give the account a template; `use` is template or subscribe."""
        return self._families.notices.add_template(use, title, content)

    def add_credit(self, openid: str, template_id: str, messages: int = 1) -> None:
        """Let a person have agreed to so many more messages of a subscription template."""
        self._families.notices.add_credit([openid], template_id, messages)

    # Looking

    def settle(self) -> None:
        """Let time have passed for jobs: each call and each look does it of itself."""
        jobs.settle(self._state, self.account, self._at())

    def journal(self) -> list[Request]:
        """Every request so far, without secrets."""
        return self._journal.read()

    def calls_today(self, path: str) -> int:
        """How many calls of an endpoint the platform has counted today."""
        return self._families.quotas.used(path.removeprefix(PREFIX), self._at())

    def drafts(self) -> list[Draft]:
        """The draft box, the newest first."""
        self.settle()
        return self._families.drafts.all()

    def publications(self) -> list[Publication]:
        """Every submission, the newest first."""
        self.settle()
        return publications_in(self._state, self.account.app_id)

    def masses(self) -> list[MassMessage]:
        """Every mass message, the newest first."""
        self.settle()
        return masses_in(self._state, self.account.app_id)

    def notices(self) -> list[Notice]:
        """Every notice and preview, the newest first."""
        return notices_in(self._state, self.account.app_id)

    def readers(self) -> list[Reached]:
        """What really reached people, in order: for the property that nobody got it twice."""
        self.settle()
        return readers(self._state, self.account.app_id)

    def events(self) -> list[str]:
        """What the platform told of, as XML, the first first."""
        self.settle()
        return kept_events(self._state, self.account.app_id)

    def _at(self) -> float:
        at: datetime = self._now()
        return at.timestamp()
