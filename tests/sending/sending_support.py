"""What the tests of sending share: a scripted wire, a clock that is set, and one way to run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from announce.channels.base import HandedOver
from announce.channels.email.account import AccountLimits
from announce.ledger import open_ledger
from announce.ledger.base import Ledger, Run
from announce.model.audience import Address
from announce.model.delivery import Channel, Delivery, DeliveryKey, Outcome, State
from announce.model.message import Mail, Message
from announce.model.project import Budget, Retry
from announce.outlets import UNLIMITED, Outlet
from announce.sending import Engine
from announce.tally import Tally

NOW = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)
CAMPAIGN = "cfp"
ACCOUNT = "chairs@smtp.example.org"
AT_ONCE = timedelta(0)
# Longer than any test may take: a run that has not ended by then never will.
PATIENCE = 3.0

SENT = Outcome(state=State.SENT, detail={"code": 250, "text": "2.0.0 queued"})
IN_PART = Outcome(
    state=State.SENT,
    reason="b@example.org was refused: 550 no such user",
    detail={"code": 250, "text": "queued", "refused": {"b@example.org": [550, "no such user"]}},
)


def refused(kind: str, code: int | None = 550, *, transient: bool = False, **more: Any) -> Outcome:
    """A no, as transports tell it."""
    detail = {"code": code, "class": kind, "transient": transient, **more}
    return Outcome(state=State.FAILED, reason=f"{code} {kind}", detail=detail)


GREYLISTED = refused("transient", 451, transient=True)
THROTTLED = refused("throttled", 421, transient=True)
LOST_BEFORE = refused("connection_lost", None, transient=True)
QUOTA = refused("quota", 552)
NO_SUCH_USER = refused("recipient_refused", 550)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.asked = 0

    def __call__(self) -> datetime:
        """The time."""
        self.asked += 1
        return self.at

    def forward(self, seconds: float) -> None:
        """Set it on."""
        self.at += timedelta(seconds=seconds)


Step = Outcome | BaseException


class Wire:
    """The other side: what it answers to whom, and all that it saw.

    `answers` has for each recipient its successive answers, of which the last stays; others get
    `otherwise`. An error among them is raised. `opening` is called with the number of each
    opening, `before` with the recipient before the hand-over, `after` between it and the answer:
    each may wait, and may raise. `settling` answers looks.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[Step]] | None = None,
        *,
        otherwise: Step = SENT,
        opening: Callable[[int], None] | None = None,
        before: Callable[[str], None] | None = None,
        after: Callable[[str], None] | None = None,
        settling: Callable[[], Outcome | None] | None = None,
        refuses_late: bool = False,
    ) -> None:
        self._answers = {name: list(steps) for name, steps in (answers or {}).items()}
        self._otherwise = otherwise
        self._opening, self._before, self._after = opening, before, after
        self._settling = settling
        self._refuses_late = refuses_late
        self._lock = threading.Lock()
        self.openings = 0
        self.closings = 0
        self.asked: list[str] = []
        self.lasts: dict[str, list[bool]] = {}
        self.taken: Counter[str] = Counter()

    def open(self) -> Scripted:
        """One more way to it."""
        return Scripted(self)

    def enter(self) -> None:
        """Somebody connects."""
        with self._lock:
            self.openings += 1
            number = self.openings
        if self._opening:
            self._opening(number)

    def exit(self) -> None:
        """Somebody says goodbye."""
        with self._lock:
            self.closings += 1

    def hear(self, name: str, handed_over: HandedOver, *, last: bool) -> Outcome:
        """Somebody hands a message over."""
        with self._lock:
            self.asked.append(name)
            self.lasts.setdefault(name, []).append(last)
            steps = self._answers.get(name, [self._otherwise])
            step = steps.pop(0) if len(steps) > 1 else steps[0]
        if self._before:
            self._before(name)
        if isinstance(step, BaseException):
            raise step
        if step.state is not State.FAILED or self._refuses_late:
            handed_over()
        if self._after:
            self._after(name)
        with self._lock:
            self.taken[name] += step.state is State.SENT
        return step

    def look(self) -> Outcome | None:
        """Somebody asks what became of a message."""
        return self._settling() if self._settling else None


class Scripted:
    """A transport to a `Wire`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __enter__(self) -> Self:
        self._wire.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wire.exit()

    def deliver(
        self,
        message: Message,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Hand one message over."""
        return self._wire.hear(key.recipient, handed_over, last=last)

    def settle(self, message: Message, key: DeliveryKey, message_id: str) -> Outcome | None:
        """Look for what became of a message."""
        return self._wire.look()


@dataclass
class Seen:
    """A watcher that remembers, and calls `then` after each delivery, `at_pause` at each pause."""

    then: Callable[[int], None] | None = None
    at_pause: Callable[[float], None] | None = None
    deliveries: list[tuple[str, State]] = field(default_factory=list)
    pauses: list[tuple[str, float]] = field(default_factory=list)

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """Hear of an outcome."""
        self.deliveries.append((delivery.key.recipient, outcome.state))
        if self.then:
            self.then(len(self.deliveries))

    def paused(self, reason: str, seconds: float) -> None:
        """Hear of a pause."""
        self.pauses.append((reason, seconds))
        if self.at_pause:
            self.at_pause(seconds)


def key(name: str, *, channel: Channel = "email", campaign: str = CAMPAIGN) -> DeliveryKey:
    """The key of somebody's delivery."""
    return DeliveryKey(campaign, "once", channel, name)


def line(
    name: str,
    *,
    to: tuple[str, ...] | None = None,
    channel: Channel = "email",
    campaign: str = CAMPAIGN,
) -> Delivery:
    """A line of a plan: by default to the address that the name makes."""
    addresses = (f"{name}@example.org",) if to is None else to
    return Delivery(key=key(name, channel=channel, campaign=campaign), language="en", to=addresses)


def people(count: int) -> list[Delivery]:
    """A plan of so many people: p000, p001 and so on."""
    return [line(f"p{number:03}") for number in range(count)]


def composed(delivery: Delivery) -> Message:
    """A mail; its words do not matter here."""
    address = Address(spec=f"{delivery.key.recipient}@example.org")
    return Mail(
        languages=("en",),
        subject="Call for papers",
        sender=Address(spec="chairs@example.org"),
        reply_to=None,
        to=(address,),
        text="Hello",
        html="<p>Hello</p>",
    )


def retry(
    *waits: timedelta,
    pause: timedelta = AT_ONCE,
    of_last: int = 100,
    alike: int = 50,
) -> Retry:
    """What happens to refusals; by default no waits at all."""
    budget = Budget(of_last=of_last, alike=alike)
    return Retry(waits=list(waits), throttle_pause=pause, budget=budget)


def limits(*, per_minute: int | None = None, per_day: int | None = None) -> AccountLimits:
    """Limits of an account."""
    return AccountLimits(provider="", per_minute=per_minute, per_day=per_day)


def new_ledger(folder: Path) -> Ledger:
    """A ledger of its own."""
    return open_ledger("sqlite:///ledger.sqlite3", folder, create=True)


def begun(ledger: Ledger, lines: Iterable[Delivery], now: datetime = NOW) -> Run:
    """A run with this plan laid."""
    laid = list(lines)
    run = ledger.begin(laid[0].key.campaign, "once", now)
    run.lay(laid, {}, now)
    return run


def outlet_to(
    wire: Wire,
    ledger: Ledger,
    *,
    connections: int = 1,
    limits: AccountLimits = UNLIMITED,
    channel: Channel = "email",
) -> Outlet:
    """The way to a wire."""
    return Outlet(
        channel=channel,
        sandboxed=False,
        account=ACCOUNT,
        domain="example.org",
        ledger=ledger,
        connections=connections,
        limits=limits,
        open=wire.open,
    )


class Stuck(AssertionError):
    """What should have ended did not."""


def in_time(work: Callable[[], Tally]) -> Tally:
    """What the work comes to; Stuck where it does not end."""
    results: list[Tally] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if errors:
        raise errors[0]
    if not results:
        raise Stuck("the run does not end")
    return results[0]


@dataclass
class Sending:
    """One run of the engine: what it is given, and what came of it."""

    ledger: Ledger
    wire: Wire
    lines: list[Delivery]
    connections: int = 1
    limits: AccountLimits = UNLIMITED
    retry: Retry = field(default_factory=retry)
    clock: Clock = field(default_factory=Clock)
    seen: Seen = field(default_factory=Seen)
    stop: threading.Event = field(default_factory=threading.Event)
    compose: Callable[[Delivery], Message] = composed
    only: Collection[DeliveryKey] | None = None
    limit: int | None = None
    through: Callable[[Run], Run] = lambda run: run
    tally: Tally = field(default_factory=Tally)

    def go(self) -> Self:
        """Run it to its end, and end the run in the ledger."""
        run = begun(self.ledger, self.lines, self.clock.at)
        engine = Engine(
            run=self.through(run),
            outlet=outlet_to(
                self.wire, self.ledger, connections=self.connections, limits=self.limits
            ),
            compose=self.compose,
            retry=self.retry,
            now=self.clock,
            watcher=self.seen,
            stop=self.stop,
            only=self.only,
            limit=self.limit,
            tally=self.tally,
        )
        try:
            in_time(engine.go)
        except Stuck:
            raise
        except BaseException:
            run.finish("failed", self.clock.at)
            raise
        run.finish("done", self.clock.at)
        return self

    @property
    def states(self) -> Counter[State]:
        """How many stand where in the ledger."""
        return Counter(one.state for one in self.ledger.deliveries(CAMPAIGN))

    def state(self, name: str) -> tuple[State, str]:
        """Somebody's state in the ledger, and its reason."""
        found = self.ledger.delivery(key(name))
        assert found is not None
        return found.state, found.reason

    def happened(self, name: str) -> list[str]:
        """What happened to somebody's delivery."""
        return [event.event for event in self.ledger.events(key(name))]
