"""Whatever is done in whatever order: nobody is sent the same delivery twice unsettled."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ledger_support import CAMPAIGN, NOW, OCCURRENCE, key, line

from announce.ledger import open_ledger
from announce.ledger.base import Ledger, Run
from announce.ledger.machine import Machine
from announce.model.delivery import Outcome, State

PEOPLE = ("a", "b", "c", "d")
HERE = Machine.this()
GONE = replace(HERE, started="before")
OTHER_BOOT = replace(HERE, boot="another boot")


class Moves(RuleBasedStateMachine):
    """A ledger used at random: laid, claimed, handed over, answered, crashed, settled.

    `wire` counts what was handed over and may have arrived since the last word (a refusal, or
    a person's or a look's "not sent") that it did not.
    """

    run: Run | None
    ledger: Ledger

    @initialize()
    def open(self) -> None:
        """A ledger, and a run with everybody claimed: most stories start there."""
        self.folder = tempfile.TemporaryDirectory()
        self.wire: Counter[str] = Counter()
        self.claimed: list[str] = []
        self.handed: set[str] = set()
        self.ledger = self._opened(GONE)
        self._begin()
        self.lay(set(PEOPLE), set())
        self.claim(3)

    def teardown(self) -> None:
        """States and events agree at the end."""
        if hasattr(self, "folder"):
            assert self.ledger.check() == []
            self.ledger.close()
            self.folder.cleanup()

    def _opened(self, machine: Machine) -> Ledger:
        url = "sqlite:///ledger.sqlite3"
        return open_ledger(url, Path(self.folder.name), create=True, machine=machine)

    def _begin(self) -> None:
        self.run = self.ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        self.claimed = []

    @precondition(lambda self: self.run is None)
    @rule(machine=st.sampled_from([HERE, GONE, OTHER_BOOT]))
    def begin(self, machine: Machine) -> None:
        """Begin as a process that will be found alive, dead, or of another boot."""
        self.ledger.close()
        self.ledger = self._opened(machine)
        self._begin()

    @precondition(lambda self: self.run is not None)
    @rule(planned=st.sets(st.sampled_from(PEOPLE)), skipped=st.sets(st.sampled_from(PEOPLE)))
    def lay(self, planned: set[str], skipped: set[str]) -> None:
        """Lay any plan."""
        assert self.run is not None
        plan = [line(name) for name in sorted(planned - skipped)]
        plan += [line(name, state=State.SKIPPED, reason="excluded") for name in sorted(skipped)]
        self.run.lay(plan, {}, NOW)

    @precondition(lambda self: self.run is not None)
    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        """Claim some."""
        assert self.run is not None
        fresh = [one.key.recipient for one in self.run.claim(limit, NOW)]
        self.claimed += fresh
        self.handed -= set(fresh)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        """Hand one over: from here on it may have arrived."""
        assert self.run is not None
        name = data.draw(st.sampled_from(self.claimed))
        if name not in self.handed:
            self.run.handed_over(key(name), NOW)
            self.handed.add(name)
            self.wire[name] += 1

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def refuse_for_now(self, data: st.DataObject) -> None:
        """The other side surely did not take it."""
        assert self.run is not None
        name = data.draw(st.sampled_from(self.claimed))
        self.run.refused_for_now(key(name), NOW, "busy", {})
        self.handed.discard(name)
        self.wire[name] = 0

    @precondition(lambda self: self.claimed)
    @rule(
        data=st.data(),
        state=st.sampled_from([State.SENT, State.FAILED, State.IN_DOUBT, State.WAITING]),
    )
    def record(self, data: st.DataObject, state: State) -> None:
        """Write down an answer."""
        assert self.run is not None
        name = data.draw(st.sampled_from(self.claimed))
        self.claimed.remove(name)
        self.run.record(key(name), Outcome(state=state), NOW)
        if state is State.FAILED:
            self.wire[name] = 0

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), written=st.booleans())
    def together(self, data: st.DataObject, written: bool) -> None:
        """One turn of the wire: some answers, some marks; or an error before its end."""
        assert self.run is not None
        names = st.sets(st.sampled_from(self.claimed))
        answered, marked = data.draw(names) & self.handed, data.draw(names) - self.handed
        with suppress(ZeroDivisionError), self.run.together() as group:
            for name in answered:
                group.record(key(name), Outcome(state=State.SENT), NOW)
            for name in marked:
                group.handed_over(key(name), NOW)
            if not written:
                raise ZeroDivisionError
        if written:
            self.claimed = [name for name in self.claimed if name not in answered]
            self.handed = self.handed - answered | marked
            self.wire.update(marked)

    @precondition(lambda self: self.claimed)
    @rule()
    def give_back(self) -> None:
        """Give everything back that may be given back."""
        assert self.run is not None
        self.run.give_back([key(name) for name in self.claimed], NOW)
        self.claimed = [name for name in self.claimed if self._state(name) is State.SENDING]

    @precondition(lambda self: self.run is not None)
    @rule()
    def retry(self) -> None:
        """Try the failed ones again."""
        assert self.run is not None
        self.run.retry_failed(NOW)

    @precondition(lambda self: self.run is not None)
    @rule()
    def finish(self) -> None:
        """End the run."""
        assert self.run is not None
        self.run.finish("done", NOW)
        self.run, self.claimed = None, []

    @precondition(lambda self: self.run is not None)
    @rule()
    def crash(self) -> None:
        """The process dies, and another one takes over where it may."""
        assert self.run is not None
        holder = self.ledger.running(CAMPAIGN)
        assert holder is not None
        self.ledger.close()
        self.ledger = self._opened(HERE)
        self.claimed, self.run = [], None
        if (holder.boot, holder.started) == (HERE.boot, HERE.started):
            # A live process would hold the run for ever: end it as its own last act.
            self.ledger.close()
            self.ledger = self._opened(replace(HERE, boot="later"))
        self._begin()

    @precondition(lambda self: self._in(State.IN_DOUBT))
    @rule(data=st.data(), sent=st.booleans())
    def settle(self, data: st.DataObject, sent: bool) -> None:
        """A person's word, which ends a run whose process is gone."""
        name = data.draw(st.sampled_from(self._in(State.IN_DOUBT)))
        self.ledger.settle(key(name), sent=sent, now=NOW)
        if self.ledger.running(CAMPAIGN) is None:
            self.run, self.claimed = None, []
        if not sent:
            self.wire[name] = 0

    @precondition(lambda self: self.run is not None and self._in(State.WAITING))
    @rule(data=st.data(), state=st.sampled_from([State.SENT, State.FAILED, State.PLANNED]))
    def look(self, data: st.DataObject, state: State) -> None:
        """What looking found."""
        assert self.run is not None
        name = data.draw(st.sampled_from(self._in(State.WAITING)))
        self.run.looked(key(name), Outcome(state=state), NOW)
        if state is not State.SENT:
            self.wire[name] = 0

    @invariant()
    def nothing_due_may_have_arrived(self) -> None:
        """What is due was never handed over, or somebody said that it did not arrive."""
        if hasattr(self, "ledger"):
            due = self._in(State.PLANNED)
            assert [name for name in due if self.wire[name]] == []

    @invariant()
    def nobody_is_handed_twice(self) -> None:
        """At most one copy of a delivery is out."""
        if hasattr(self, "ledger"):
            assert max(self.wire.values(), default=0) <= 1

    def _state(self, name: str) -> State | None:
        found = self.ledger.delivery(key(name))
        return None if found is None else found.state

    def _in(self, state: State) -> list[str]:
        if not hasattr(self, "ledger"):
            return []
        return [one.key.recipient for one in self.ledger.deliveries(CAMPAIGN) if one.state is state]


Moves.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    # A story of twenty steps reads well enough; shrinking one takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestMoves = Moves.TestCase
