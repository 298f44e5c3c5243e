"""Second step: who gets what, in which language; who does not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from announce.content import content_of
from announce.gathering import Gathered
from announce.model.audience import Address, Recipient
from announce.model.campaign import Campaign
from announce.model.delivery import ONCE, Channel, Delivery, DeliveryKey, State, Suppression
from announce.model.languages import LANGUAGES, Language, other
from announce.model.plan import Plan, Planned
from announce.model.wording import language_name
from announce.problems import Place, Problem, Severity
from announce.texts import say, say_n

# The reason of a personal message that has no address left to go to.
UNREACHABLE = "unreachable"

# What the ledger holds of this occurrence, and who is not to be written to.
Known = Mapping[DeliveryKey, Delivery]
Suppressed = Callable[[Address], Suppression | None]


def make_plan(
    gathered: Gathered,
    *,
    known: Known,
    suppressed: Suppressed,
    sandboxed: frozenset[Channel],
    sources: Iterable[str],
    wechat_account: str,
) -> Plan:
    """The deliveries of the campaign's occurrence, each with the state the ledger knows.

    `sources` are the template files, which are part of what shapes the messages.
    """
    planner = _Planner(gathered, known, suppressed)
    lines = (*planner.mails(), *planner.articles(wechat_account))
    return Plan(
        campaign=gathered.campaign.id,
        occurrence=ONCE,
        lines=lines,
        content=content_of(gathered, sources),
        problems=(*gathered.problems, *planner.problems),
        sandboxed=sandboxed,
        notes=tuple(planner.notes()),
    )


def languages_for(gathered: Gathered, recipient: Recipient) -> tuple[Language, ...]:
    """The languages of a recipient's mail: the reader's own first, where the row names it."""
    email = gathered.campaign.email
    chosen = email.languages if email else "recipient"
    default = gathered.project.languages[0]
    if chosen == "recipient":
        return (recipient.language or default,)
    if isinstance(chosen, str):
        return (chosen,)
    if len(chosen) == 1:
        return (chosen[0],)
    first = recipient.language or chosen[0]
    return (first, other(first))


class _Planner:
    def __init__(self, gathered: Gathered, known: Known, suppressed: Suppressed) -> None:
        self.gathered = gathered
        self.campaign = gathered.campaign
        self.known = known
        self.suppressed = suppressed
        self.problems: list[Problem] = []

    def mails(self) -> Iterator[Planned]:
        if self.campaign.email is None:
            return
        self._check_somebody_is_left()
        for recipient in self.gathered.audience.recipients:
            yield self._mail(recipient)

    def articles(self, account: str) -> Iterator[Planned]:
        for article in self.campaign.wechat:
            key = self._key("wechat", f"{account}:{article.language}")
            delivery = Delivery(key=key, language=article.language, to=(account,))
            yield Planned(
                delivery=self._as_known(delivery), languages=(article.language,), article=article
            )

    def notes(self) -> Iterator[str]:
        audience = self.gathered.audience
        yield from self._blank_languages()
        yield from self._gone()
        if audience.filtered:
            yield say_n(
                "{n} row is left out by `where`.",
                "{n} rows are left out by `where`.",
                audience.filtered,
            )
        if audience.excluded:
            yield say_n(
                "{n} row is left out by exclusion files.",
                "{n} rows are left out by exclusion files.",
                audience.excluded,
            )
        if audience.repeated:
            places = ", ".join(str(one.place.line) for one in audience.repeated[:10])
            yield say_n(
                "{n} row names someone again and is written to once (line {places}).",
                "{n} rows name someone again and are written to once (lines {places}).",
                len(audience.repeated),
                places=places,
            )

    def _gone(self) -> Iterator[str]:
        """Who was planned before and is no longer in the audience."""
        campaign, people = self.campaign, self.gathered.audience.recipients
        here = {recipient.key for recipient in people}
        gone = [
            key.recipient
            for key, delivery in self.known.items()
            if key.channel == "email"
            and key.recipient not in here
            and delivery.state in (State.PLANNED, State.FAILED)
        ]
        if gone and campaign.email is not None:
            yield say_n(
                "{n} planned before is gone from the audience: {keys}",
                "{n} planned before are gone from the audience: {keys}",
                len(gone),
                keys=say(", ").join(gone[:10]),
            )

    def _blank_languages(self) -> Iterator[str]:
        """How many rows leave the language to the project, where that makes a difference."""
        email = self.campaign.email
        chosen = email.languages if email else []
        people = self.gathered.audience.recipients
        blank = sum(recipient.language is None for recipient in people)
        if not blank or not (chosen == "recipient" or len(chosen) == len(LANGUAGES)):
            return
        first = self.gathered.project.languages[0] if chosen == "recipient" else chosen[0]
        name = language_name(first)
        if chosen == "recipient":
            yield say_n(
                "{n} recipient names no language and gets {language}.",
                "{n} recipients name no language and get {language}.",
                blank,
                language=name,
            )
        else:
            yield say_n(
                "{n} recipient names no language and gets {language} first.",
                "{n} recipients name no language and get {language} first.",
                blank,
                language=name,
            )

    def _mail(self, recipient: Recipient) -> Planned:
        languages = languages_for(self.gathered, recipient)
        kept, dropped = self._unsuppressed(recipient)
        delivery = Delivery(
            key=self._key("email", recipient.key),
            language="+".join(languages),
            to=tuple(address.spec for address in kept or recipient.addresses),
            state=State.PLANNED if kept else State.SKIPPED,
            reason=self._why_left_out(dropped) if kept else self._why_skipped(dropped[0][1]),
        )
        if dropped and self.campaign.purpose == "personal":
            self._tell_suppressed(recipient, dropped)
        reached = _with_addresses(recipient, kept or recipient.addresses)
        return Planned(delivery=self._as_known(delivery), languages=languages, recipient=reached)

    def _why_left_out(self, dropped: list[tuple[Address, Suppression]]) -> str:
        """Who of a personal message's addressees is left out: kept with the delivery, for its
        other addressees are written to and this one must hear another way."""
        if not dropped or self.campaign.purpose != "personal":
            return ""
        named = ", ".join(f"{address.spec} ({found.reason})" for address, found in dropped)
        return f"{UNREACHABLE}: {named}"

    def _why_skipped(self, found: Suppression) -> str:
        """The reason of a skip; a personal message that reaches nobody is somebody's business."""
        told = UNREACHABLE if self.campaign.purpose == "personal" else "suppressed"
        return f"{told}: {found.reason}"

    def _unsuppressed(
        self, recipient: Recipient
    ) -> tuple[tuple[Address, ...], list[tuple[Address, Suppression]]]:
        kept, dropped = [], []
        for address in recipient.addresses:
            found = self.suppressed(address)
            if found and (found.scope == "all" or self.campaign.purpose == "announcement"):
                dropped.append((address, found))
            else:
                kept.append(address)
        return tuple(kept), dropped

    def _tell_suppressed(
        self, recipient: Recipient, dropped: list[tuple[Address, Suppression]]
    ) -> None:
        for address, found in dropped:
            self.problems.append(
                Problem(
                    code="suppressed-addressee",
                    severity=Severity.WARNING,
                    place=recipient.place,
                    message=say(
                        "{address} of {key} is suppressed ({reason}) and will not be written to",
                        address=address.shown or address.spec,
                        key=recipient.key,
                        reason=found.reason,
                    ),
                    hint=say(
                        "give another address, tell the person another way, or "
                        "`announce suppress remove {address}`",
                        address=address.spec,
                    ),
                )
            )

    def _as_known(self, delivery: Delivery) -> Delivery:
        """The delivery with what the ledger knows of it; a skip of the plan stands."""
        found = self.known.get(delivery.key)
        if found is None or found.state in (State.PLANNED, State.SKIPPED):
            return delivery  # as the plan has it, who is left out included
        if found.state is State.FAILED and delivery.state is State.SKIPPED:
            return delivery
        return Delivery(
            key=delivery.key,
            language=delivery.language,
            to=delivery.to,
            state=found.state,
            reason=found.reason,
            message_id=found.message_id,
        )

    def _key(self, channel: Channel, recipient: str) -> DeliveryKey:
        return DeliveryKey(self.campaign.id, ONCE, channel, recipient)

    def _check_somebody_is_left(self) -> None:
        audience = self.gathered.audience
        if audience.recipients:
            return
        self.problems.append(
            Problem(
                code="nobody-left",
                severity=Severity.WARNING,
                place=_campaign_place(self.gathered),
                message=say(
                    "nobody is left to write to: {rows} rows, of which `where` leaves out "
                    "{filtered} and exclusion files {excluded}",
                    rows=audience.rows,
                    filtered=audience.filtered,
                    excluded=audience.excluded,
                ),
                hint=say("if that is not meant, look at audience.where and audience.exclude"),
            )
        )


def variant_of(campaign: Campaign, recipient: Recipient | None) -> str | None:
    """The variant of the template that a recipient's row picks."""
    if campaign.template is None or recipient is None:
        return None
    return recipient.fields[campaign.template.by]


def _with_addresses(recipient: Recipient, kept: tuple[Address, ...]) -> Recipient:
    if kept == recipient.addresses:
        return recipient
    return replace(recipient, addresses=kept)


def _campaign_place(gathered: Gathered) -> Place:
    return Place(file=shown(gathered.campaign.path, gathered.project.root))


def shown(path: Path, root: Path) -> str:
    """A path as people read it: relative to the project where it lies in it."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
