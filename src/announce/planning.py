"""Second step: who gets what, in which language; who does not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice

from announce.content import content_of
from announce.gathering import Gathered, shown
from announce.ledger.base import TakenOver
from announce.ledger.hashes import adopted_state
from announce.lines import UNDECIDED, UNREACHABLE, PlanLines, Standing, Suppressed
from announce.model.audience import Recipient, Row
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Channel, DeliveryKey, State
from announce.model.languages import LANGUAGES
from announce.model.plan import Plan
from announce.model.steps import Known, rank
from announce.model.wording import language_name
from announce.problems import Place, Problem, Severity
from announce.texts import say, say_n

__all__ = ["UNREACHABLE", "Memory", "make_plan", "shown", "variant_of"]

_NAMED = 10  # of those gone from the audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a channel's ledger holds of the campaign's occurrence: recipient's key, state and
    reason of each delivery, in the order of the plan that was laid last; and what was taken over
    from receipts. Of articles also how far each came, by the recipient's key, and what shaped them
    when they were first sent (None: nothing was)."""

    standings: Iterable[tuple[str, State, str]]
    adopted: TakenOver
    steps: Mapping[str, Known] = field(default_factory=dict)
    content: Mapping[str, str] | None = None


def make_plan(
    gathered: Gathered,
    *,
    memory: Callable[[Channel], AbstractContextManager[Memory]],
    suppressed: Suppressed,
    sandboxed: frozenset[Channel],
    sources: Iterable[str],
    wechat_account: str,
) -> Plan:
    """The deliveries of the campaign's occurrence, each with the state the ledger knows.

    `memory` opens the ledger of a channel. `sources` are the template files, which are part of
    what shapes the messages.
    """
    lines = PlanLines(gathered, suppressed, wechat_account)
    planner = _Planner(gathered, lines)
    content = content_of(gathered, sources)
    for channel in channels_of(gathered.campaign):
        with memory(channel) as known:
            planner.recall(channel, known)
            planner.go_on(known.steps, changed=known.content not in (None, content))
    planner.check()
    return Plan(
        campaign=gathered.campaign.id,
        occurrence=gathered.campaign.occurrence.id,
        lines=lines,
        content=content,
        problems=(*gathered.problems, *planner.problems),
        sandboxed=sandboxed,
        notes=tuple(planner.notes()),
    )


class _Planner:
    def __init__(self, gathered: Gathered, lines: PlanLines) -> None:
        self.gathered = gathered
        self.campaign = gathered.campaign
        self.lines = lines
        self.problems: list[Problem] = []
        self._gone: dict[str, None] = {}
        # Published or sent to followers, by what is asked of them now and cannot be had.
        self._used_up: list[str] = []
        self._kept: list[str] = []

    def _key(self, channel: Channel, recipient: str) -> DeliveryKey:
        return DeliveryKey(self.campaign.id, self.campaign.occurrence.id, channel, recipient)

    # -- what the ledger knows -------------------------------------------------------------

    def recall(self, channel: Channel, memory: Memory) -> None:
        """Take in how each line stands in the ledger; a line that is due there stays as it is."""
        taken = memory.adopted
        adopts = bool(taken.sections or taken.unknown)
        for key, position, standing in self._joined(channel, memory.standings):
            if position is None:
                self._is_gone(channel, key, standing[0])
            # What has a row here is known better than by a receipt, whatever its state.
            elif adopts or standing[0] not in UNDECIDED:
                self.lines.known[position] = standing
        if adopts:
            self._take_over(channel, taken)

    def go_on(self, steps: Mapping[str, Known], *, changed: bool) -> None:
        """Articles that were sent, and are to go further than they were to then, or that can
        still be brought up to date, are due again."""
        begin = self.lines.begin("wechat")
        for position, key in enumerate(self.lines.keys("wechat"), start=begin):
            known, standing = steps.get(key), self.lines.known[position]
            if known is None or standing is None or standing[0] is not State.SENT:
                continue
            if known.deleted:  # by a person: it stays away until they ask for it again
                continue
            if not known.wanted:  # known by a receipt only, which does not say how far it came
                continue
            article = self.campaign.wechat[position - begin]
            further = rank(article.deliver) > rank(known.wanted)
            lower = rank(article.deliver) < rank(known.wanted)
            if known.is_out:  # its draft was used up by that
                language = "+".join(article.languages)
                self._used_up += [language] * further
                self._kept += [language] * (changed or lower)
            elif further or (changed and known.way):
                self.lines.known[position] = State.PLANNED, ""

    def _joined(
        self, channel: Channel, rows: Iterable[tuple[str, State, str]]
    ) -> Iterator[tuple[str, int | None, Standing]]:
        """Each of the ledger's rows with the position of its line: the two mostly go side by
        side, and what is out of step is looked up."""
        begin = self.lines.begin(channel)
        keys = enumerate(self.lines.keys(channel), start=begin)
        end = (len(self.lines), None)
        at, awaited = next(keys, end)
        for key, state, reason in rows:
            wanted = self._key(channel, key)
            position = at if key == awaited else self.lines.find(wanted)
            if position is not None and position >= at:
                at, awaited = next(islice(keys, position - at, None), end)
            yield key, position, (state, reason)

    def _is_gone(self, channel: Channel, key: str, state: State) -> None:
        """Who was planned before and is no longer in the audience."""
        if channel != "wechat" and state in (State.PLANNED, State.FAILED):
            self._gone[key] = None  # those who were to get both count once

    def _take_over(self, channel: Channel, taken: TakenOver) -> None:
        """What was adopted is known by hashes only: such a line gets its row when it is laid."""
        reason = say("taken over from a receipt")
        begin = self.lines.begin(channel)
        for position, key in enumerate(self.lines.keys(channel), start=begin):
            if not self.lines.known.has(position):
                state = adopted_state(taken, self._key(channel, key))
                if state is not None:
                    self.lines.known[position] = state, reason

    # -- what is told ----------------------------------------------------------------------

    def check(self) -> None:
        """Tell of nobody left, and of whom a personal message must not be sent to."""
        if not self.campaign.addresses_people:
            return
        self._check_somebody_is_left()
        if self.campaign.email and self.campaign.purpose == "personal" and self.lines.spares:
            for row in self.gathered.audience.recipients.rows():
                self._tell_suppressed(row)

    def notes(self) -> Iterator[str]:
        """What else is worth a line below the plan."""
        audience = self.gathered.audience
        yield from self._blank_languages()
        for language in self._used_up:
            yield say(
                "The article {language} is published already, and its draft is used up: to send "
                "it to followers is another article (announce wechat delete --again), or done in "
                "the console.",
                language=language,
            )
        for language in self._kept:
            yield say(
                "The article {language} is out, and stays as its readers have it: what changed "
                "since does not reach them. To take it back: announce wechat delete.",
                language=language,
            )
        if self._gone and self.campaign.addresses_people:
            yield say_n(
                "{n} planned before is gone from the audience: {keys}",
                "{n} planned before are gone from the audience: {keys}",
                len(self._gone),
                keys=say(", ").join(islice(self._gone, _NAMED)),
            )
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
            yield say_n(
                "{n} row names someone again and is written to once (line {places}).",
                "{n} rows name someone again and are written to once (lines {places}).",
                audience.repeated,
                places=", ".join(str(line) for line in audience.repeated_lines),
            )

    def _blank_languages(self) -> Iterator[str]:
        """How many rows leave the language to the project, where that makes a difference."""
        email, notice = self.campaign.email, self.campaign.notice
        chosen = email.languages if email else "recipient" if notice else []
        if chosen != "recipient" and (isinstance(chosen, str) or len(chosen) < len(LANGUAGES)):
            return
        blank = sum(row.language is None for row in self.gathered.audience.recipients.rows())
        if not blank:
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

    def _tell_suppressed(self, row: Row) -> None:
        for spec, found in self.lines.left_out(spec for spec, _name, _shown in row.addresses):
            shown = next(shown for one, _name, shown in row.addresses if one == spec)
            self.problems.append(
                Problem(
                    code="suppressed-addressee",
                    severity=Severity.WARNING,
                    place=Place(file=self.gathered.audience.recipients.file, line=row.line),
                    message=say(
                        "{address} of {key} is suppressed ({reason}) and will not be written to",
                        address=shown or spec,
                        key=row.key,
                        reason=found.reason,
                    ),
                    hint=say(
                        "give another address, tell the person another way, or "
                        "`announce suppress remove {address}`",
                        address=spec,
                    ),
                )
            )

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


def _campaign_place(gathered: Gathered) -> Place:
    return Place(file=shown(gathered.campaign.path, gathered.project.root))
