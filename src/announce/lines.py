"""The lines of a plan, made from the recipients and what the ledger knows whenever they are
looked at: kept as a hundred thousand objects they would fill the memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import cast

from announce.gathering import Gathered
from announce.model.audience import Recipient, Recipients
from announce.model.campaign import ArticlePlan
from announce.model.delivery import Channel, Delivery, DeliveryKey, State, Suppression
from announce.model.languages import LANGUAGES, Language, other
from announce.model.plan import Lines, Planned, unpacked
from announce.spool import Spool

# The reason of a personal message that has no address left to go to.
UNREACHABLE = "unreachable"
# That of a notice whose reader's row names none.
NO_OPENID = "no openid"

# The states of the ledger that leave it to the plan whether a delivery is due or skipped.
UNDECIDED = frozenset({State.PLANNED, State.SKIPPED})
# How a delivery stands in the ledger: its state there, and the reason.
Standing = tuple[State, str]
# Who is not to be written to, by the identity of the address.
Suppressed = Mapping[str, Suppression]
_FEW = 1000
# Of a mail's delivery: the recipient's key and language, whom, state and reason.
_Own = tuple[str, Language | None, tuple[str, ...], State, str]


class Known:
    """What the ledger knows of the lines, by their position: four bytes of memory a line, and
    nothing before the first is known."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._numbers = array("I")
        self._facts: Spool[tuple[str, str]] = Spool()
        self._latest: dict[tuple[str, str], int] = {}

    def __setitem__(self, position: int, standing: Standing) -> None:
        if not self._numbers:
            self._numbers = array("I", bytes(4 * self._lines))
        fact = (standing[0].value, standing[1])
        number = self._latest.get(fact)
        if number is None:
            self._facts.append(fact)
            number = len(self._facts)
            # Nearly all are alike; where each has a reason of its own, those are not held.
            if number <= _FEW:
                self._latest[fact] = number
        self._numbers[position] = number

    def has(self, position: int) -> bool:
        """Whether the ledger knows a line at all."""
        return bool(self._numbers and self._numbers[position])

    def __getitem__(self, position: int) -> Standing | None:
        """How the ledger says a line stands; None where it leaves that to the plan."""
        return self._standing(self._numbers[position]) if self._numbers else None

    def __iter__(self) -> Iterator[Standing | None]:
        return map(self._standing, self._numbers) if self._numbers else repeat(None, self._lines)

    def _standing(self, number: int) -> Standing | None:
        if not number:
            return None
        state, reason = self._facts[number - 1]
        found = State(state)
        return None if found in UNDECIDED else (found, reason)


class PlanLines(Lines):
    """A mail for each recipient in the file's order, then a notice for each, then the articles."""

    def __init__(self, gathered: Gathered, suppressed: Suppressed, wechat_account: str) -> None:
        super().__init__()
        campaign = gathered.campaign
        self._campaign, self._occurrence = campaign.id, campaign.occurrence.id
        self._personal = campaign.purpose == "personal"
        self._suppressed = suppressed
        self._languages = _languages(gathered)
        self._people = gathered.audience.recipients if campaign.email else Recipients()
        self._notice = campaign.notice
        self._told = gathered.audience.recipients if campaign.notice else Recipients()
        self._first_language = gathered.project.languages[0]
        self._articles = [
            (self._key("wechat", f"{wechat_account}:{_together(one)}"), one)
            for one in campaign.wechat
        ]
        self._account = wechat_account
        self.known = Known(len(self))

    def _key(self, channel: Channel, recipient: str) -> DeliveryKey:
        return DeliveryKey(self._campaign, self._occurrence, channel, recipient)

    @property
    def spares(self) -> bool:
        """Whether anybody at all must not be written to."""
        return bool(self._suppressed)

    def __len__(self) -> int:
        return len(self._people) + len(self._told) + len(self._articles)

    def begin(self, channel: Channel) -> int:
        """The position of a channel's first line."""
        if channel == "email":
            return 0
        return len(self._people) + (len(self._told) if channel == "wechat" else 0)

    def __iter__(self) -> Iterator[Planned]:
        messages = self._messages or repeat(None, len(self))
        numbered = enumerate(zip(self.known, messages, strict=True))
        for (position, (standing, message)), person in zip(numbered, self._people, strict=False):
            yield self._mail(position, person, standing, *unpacked(message))
        yield from self[len(self._people) :]

    def deliveries(self) -> Iterator[Delivery]:
        """See `Lines`; of mails without making their recipients."""
        if self._suppressed:
            yield from super().deliveries()
            return
        messages = self._messages or repeat(None, len(self))
        numbered = enumerate(zip(self.known, messages, strict=True))
        for (position, (standing, message)), row in zip(
            numbered, self._people.rows(), strict=False
        ):
            state, reason = standing or (State.PLANNED, "")
            to = tuple([spec for spec, _name, _shown in row.addresses])
            own = (row.key, row.language, to, state, reason)
            yield self._delivery(position, own, *unpacked(message))
        yield from (line.delivery for line in self[len(self._people) :])

    def make(self, position: int, subject: str, digest: str) -> Planned:
        """See `Lines`."""
        standing = self.known[position]
        if position < len(self._people):
            return self._mail(position, self._people[position], standing, subject, digest)
        if position < self.begin("wechat"):
            return self._line_of_notice(position, standing, subject, digest)
        return self._article(position, standing, subject, digest)

    def find(self, key: DeliveryKey) -> int | None:
        """See `Lines`; it is looked up, not searched for."""
        if (key.campaign, key.occurrence) != (self._campaign, self._occurrence):
            return None
        if key.channel == "email":
            return self._people.find(key.recipient)
        if key.channel == "notice":
            at = self._told.find(key.recipient)
            return None if at is None else self.begin("notice") + at
        found = (at for at, (own, _) in enumerate(self._articles) if own == key)
        return next((self.begin("wechat") + at for at in found), None)

    def keys(self, channel: Channel) -> Iterator[str]:
        """The recipients' keys on a channel, in the lines' order."""
        if channel != "wechat":
            people = self._people if channel == "email" else self._told
            return (row.key for row in people.rows())
        return (key.recipient for key, _article in self._articles)

    def left_out(self, addresses: Iterable[str]) -> list[tuple[str, Suppression]]:
        """Those of a message's addresses that must not be written to."""
        found = ((spec, self._suppressed.get(spec.casefold())) for spec in addresses)
        return [
            (spec, one) for spec, one in found if one and (one.scope == "all" or not self._personal)
        ]

    def _mail(
        self, position: int, person: Recipient, standing: Standing | None, subject: str, digest: str
    ) -> Planned:
        state, reason = State.PLANNED, ""
        if self._suppressed:
            state, reason, person = self._spared(person)
        # Who failed and is to be spared now is spared.
        if standing and not (state is State.SKIPPED and standing[0] is State.FAILED):
            state, reason = standing
        to = tuple([address.spec for address in person.addresses])
        own = (person.key, person.language, to, state, reason)
        delivery = self._delivery(position, own, subject, digest)
        languages, _ = self._languages[person.language]
        return Planned(delivery=delivery, languages=languages, recipient=person)

    def _delivery(self, position: int, own: _Own, subject: str, digest: str) -> Delivery:
        key, language, to, state, reason = own
        return Delivery(
            key=self._key("email", key),
            language=self._languages[language][1],
            to=to,
            state=state,
            reason=reason,
            subject=subject,
            digest=digest,
            position=position,
        )

    def _spared(self, person: Recipient) -> tuple[State, str, Recipient]:
        """How a recipient stands in the plan, with the addresses that are written to; with all
        of them where that leaves none."""
        dropped = self.left_out(address.spec for address in person.addresses)
        if not dropped:
            return State.PLANNED, "", person
        gone = {spec for spec, _found in dropped}
        kept = tuple(address for address in person.addresses if address.spec not in gone)
        if not kept:
            return State.SKIPPED, self._why_skipped(dropped[0][1]), person
        return State.PLANNED, self._why_left_out(dropped), replace(person, addresses=kept)

    def _why_left_out(self, dropped: list[tuple[str, Suppression]]) -> str:
        """Who of a personal message's addressees is left out: kept with the delivery, for its
        other addressees are written to and this one must hear another way."""
        if not self._personal:
            return ""
        named = ", ".join(f"{spec} ({found.reason})" for spec, found in dropped)
        return f"{UNREACHABLE}: {named}"

    def _why_skipped(self, found: Suppression) -> str:
        """The reason of a skip; a personal message that reaches nobody is somebody's business."""
        return f"{UNREACHABLE if self._personal else 'suppressed'}: {found.reason}"

    def _line_of_notice(
        self, position: int, standing: Standing | None, subject: str, digest: str
    ) -> Planned:
        assert self._notice is not None
        person = self._told[position - self.begin("notice")]
        openid = person.fields[self._notice.openid].strip()
        state, reason = standing or (State.PLANNED, "")
        # Who failed and has no openid any more is spared, as who never had one.
        if not openid and state in (State.PLANNED, State.FAILED):
            state = State.SKIPPED
            # Whom no mail tells either is somebody's business.
            reason = NO_OPENID if self._people else f"{UNREACHABLE}: {NO_OPENID}"
        language = person.language or self._first_language
        delivery = Delivery(
            key=self._key("notice", person.key),
            language=language,
            to=(openid,) if openid else (),
            state=state,
            reason=reason,
            subject=subject,
            digest=digest,
            position=position,
        )
        return Planned(delivery=delivery, languages=(language,), recipient=person)

    def _article(
        self, position: int, standing: Standing | None, subject: str, digest: str
    ) -> Planned:
        key, article = self._articles[position - self.begin("wechat")]
        state, reason = standing or (State.PLANNED, "")
        delivery = Delivery(
            key=key,
            language=_together(article),
            to=(self._account,),
            state=state,
            reason=reason,
            subject=subject,
            digest=digest,
            position=position,
        )
        return Planned(delivery=delivery, languages=article.languages, article=article)


def _together(article: ArticlePlan) -> str:
    return "+".join(article.languages)


def _languages(gathered: Gathered) -> dict[Language | None, tuple[tuple[Language, ...], str]]:
    """The languages of a mail by that of the row, and how a delivery names them: the reader's own
    first, where the row names it."""
    email = gathered.campaign.email
    chosen = email.languages if email else "recipient"
    found = {}
    for own in (None, *LANGUAGES):
        languages = _languages_for(chosen, own, gathered.project.languages[0])
        found[own] = (languages, "+".join(languages))
    return found


def _languages_for(
    chosen: str | Sequence[Language], own: Language | None, default: Language
) -> tuple[Language, ...]:
    if chosen == "recipient":
        return (own or default,)
    if isinstance(chosen, str):
        return (cast(Language, chosen),)
    if len(chosen) == 1:
        return (chosen[0],)
    first = own or chosen[0]
    return (first, other(first))
