"""Looking for what is in doubt, and a send over two channels that share a ledger."""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sending_support import (
    NOW,
    Clock,
    Seen,
    Wire,
    begun,
    composed,
    in_time,
    line,
    outlet_to,
    retry,
)

from announce.dispatch import Options, Send, _one_ledger, dispatch
from announce.errors import MachineError
from announce.ledger import open_ledger
from announce.ledger.base import Ledger, Run
from announce.looking import look
from announce.model.delivery import Channel, Delivery, Outcome, State
from announce.preparing import Prepared, prepare
from announce.sandbox.mailcatcher import MailCatcher
from announce.sandbox.wechat import OfficialAccountServer
from announce.sending import Engine
from announce.tally import Tally

DOUBT = Outcome(state=State.IN_DOUBT, reason="no answer")
FOUND = Outcome(state=State.SENT, detail={"media_id": "m1"})
ABSENT = Outcome(state=State.PLANNED, reason="not in the draft box")


def article(name: str) -> Delivery:
    """A line of an article."""
    return line(name, channel="wechat")


@pytest.fixture
def doubtful(ledger: Ledger) -> Run:
    """A run whose article is in doubt since the one before."""
    before = begun(ledger, [article("zh")], NOW - timedelta(hours=1))
    (one,) = before.claim(1, NOW)
    before.handed_over(one.key, NOW)
    before.record(one.key, DOUBT, NOW)
    before.finish("done", NOW)
    return begun(ledger, [article("zh")])


def looked_by(wire: Wire, run: Run, ledger: Ledger) -> tuple[State, str]:
    """The article's state and reason after a look."""
    key = article("zh").key
    look(run, outlet_to(wire, ledger, channel="wechat"), [article("zh")], composed, Clock())
    found = ledger.delivery(key)
    assert found is not None
    return found.state, found.reason


def happened(ledger: Ledger) -> list[str]:
    """What happened to the article since it was in doubt."""
    events = [one.event for one in ledger.events(article("zh").key)]
    return events[events.index("in_doubt") + 1 :]


# -- a look ------------------------------------------------------------------------------------


def test_look_that_finds_it_makes_it_sent(ledger: Ledger, doubtful: Run) -> None:
    """Found is sent, with the evidence."""
    wire = Wire(settling=lambda: FOUND)

    assert looked_by(wire, doubtful, ledger) == (State.SENT, "")
    assert ledger.events(article("zh").key)[-1].detail["media_id"] == "m1"
    assert (wire.openings, wire.closings) == (1, 1)


def test_look_that_proves_absence_makes_it_due_in_the_same_run(
    ledger: Ledger, doubtful: Run
) -> None:
    """Absent is planned, and the engine of the same run sends it once."""
    wire = Wire(settling=lambda: ABSENT)

    looked = looked_by(wire, doubtful, ledger)
    tally = in_time(
        Engine(
            run=doubtful,
            outlet=outlet_to(wire, ledger, channel="wechat"),
            compose=composed,
            retry=retry(),
            now=Clock(),
            watcher=Seen(),
            stop=threading.Event(),
        ).go
    )

    assert looked == (State.PLANNED, "not in the draft box")
    assert tally == Tally(counts=Counter({State.SENT: 1}))
    assert wire.taken == {"zh": 1}
    assert happened(ledger) == ["absent", "claimed", "handed_over", "sent"]


def test_look_that_cannot_tell_leaves_it_in_doubt(ledger: Ledger, doubtful: Run) -> None:
    """None is no proof: it stays in doubt, and nothing is written."""
    wire = Wire(settling=lambda: None)

    assert looked_by(wire, doubtful, ledger) == (State.IN_DOUBT, "no answer")
    assert happened(ledger) == []


def test_look_that_fails_leaves_it_in_doubt(ledger: Ledger, doubtful: Run) -> None:
    """A channel out of reach is no crash: the doubt is for the next run."""

    def out_of_reach(_number: int) -> None:
        raise MachineError("out of reach")

    wire = Wire(opening=out_of_reach)

    assert looked_by(wire, doubtful, ledger) == (State.IN_DOUBT, "no answer")
    assert happened(ledger) == []


def test_look_at_nothing_opens_no_connection(ledger: Ledger, doubtful: Run) -> None:
    """Without doubts the channel is not troubled."""
    wire = Wire()

    look(doubtful, outlet_to(wire, ledger, channel="wechat"), [], composed, Clock())

    assert wire.openings == 0


@pytest.mark.parametrize("found", [FOUND, ABSENT])
@pytest.mark.parametrize(
    ("sent", "expected"), [(True, State.SENT), (False, State.PLANNED)], ids=["sent", "not sent"]
)
def test_person_who_settles_during_the_look_is_believed(
    ledger: Ledger, doubtful: Run, sent: bool, expected: State, found: Outcome
) -> None:
    """A person's word given while the channel looks stands, and nothing breaks."""

    def settle() -> Outcome:
        ledger.settle(article("zh").key, sent=sent, now=NOW)
        return found

    assert looked_by(Wire(settling=settle), doubtful, ledger) == (expected, "")
    assert happened(ledger) == ["settled_sent" if sent else "settled_not_sent"]


# -- a send over two channels ------------------------------------------------------------------

PEOPLE = 6
ARTICLES = 2
LEDGER = "sqlite:///.announce/ledger.sqlite3"


def clock() -> datetime:
    """The clock of the servers and of the send."""
    return datetime.now(UTC)


@dataclass
class Project:
    """The example project with few people, on accounts of its own, and what they got."""

    root: Path
    mail: MailCatcher
    account: OfficialAccountServer
    tallies: dict[str, Tally] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    stop: threading.Event = field(default_factory=threading.Event)

    def prepared(self) -> Prepared:
        """The campaign made ready."""
        return prepare(str(self.root), str(self.root / "campaigns" / "cfp.yaml"), clock())

    def to_send(self, options: Options | None = None) -> Send:
        """A send of it."""
        return Send(
            prepared=self.prepared(),
            options=options or Options(),
            now=clock,
            watcher=self.seen,
            stop=self.stop,
            gate=lambda: None,
        )

    def send(self, options: Options | None = None) -> dict[str, Tally]:
        """Dispatch the campaign; the tallies of the channels."""
        dispatch(self.to_send(options), self.tallies)
        return self.tallies

    def states(self) -> dict[str, dict[State, int]]:
        """How many stand where in the project's ledger, by channel."""
        found: dict[str, Counter[State]] = {}
        with closing(open_ledger(LEDGER, self.root, create=False)) as ledger:
            for one in ledger.deliveries("scifm-2025-cfp"):
                found.setdefault(one.key.channel, Counter())[one.state] += 1
        return {channel: dict(states) for channel, states in found.items()}

    def put_one_of_each_in_doubt(self) -> None:
        """A run before handed a mail and an article over and got no answer."""
        plan = self.prepared().plan
        with closing(open_ledger(LEDGER, self.root, create=True)) as ledger:
            run = ledger.begin(plan.campaign, plan.occurrence, clock())
            run.lay([one.delivery for one in plan.lines], plan.content, clock())
            channels: tuple[Channel, ...] = ("email", "wechat")
            for channel in channels:
                (one,) = run.claim(1, clock(), channel=channel)
                run.handed_over(one.key, clock())
                run.record(one.key, DOUBT, clock())
            run.finish("done", clock())


@pytest.fixture
def live(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The example project with six people, on an SMTP server and an account of its own."""
    people = project / "audiences" / "community.csv"
    with people.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: PEOPLE + 1]
    with people.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with (
        MailCatcher(tmp_path / "elsewhere" / "mail", now=clock) as mail,
        OfficialAccountServer(tmp_path / "elsewhere" / "wechat", now=clock) as account,
    ):
        monkeypatch.setenv("TEST_APP_SECRET", account.app_secret)
        with_accounts(project, mail, account)
        yield Project(project, mail, account)


def with_accounts(
    project: Path, mail: MailCatcher, account: OfficialAccountServer, *, email: str = ""
) -> None:
    """Name the accounts in the project's settings; `email` is more of that section."""
    settings = project / "announce.yaml"
    text = settings.read_text(encoding="utf-8").partition("# accounts of this test\n")[0]
    settings.write_text(
        f"{text.rstrip()}\n# accounts of this test\n"
        f"email:\n  smtp: {{host: 127.0.0.1, port: {mail.port}, security: none}}\n{email}"
        f"wechat:\n  app_id: {account.app_id}\n  app_secret: {{env: TEST_APP_SECRET}}\n"
        f"  api_base: {account.api_base}\n",
        encoding="utf-8",
    )


def test_dispatch_sends_on_both_channels_once(live: Project) -> None:
    """Two channels on one ledger, and a second send adds nothing."""
    first = dict(live.send())
    live.tallies.clear()
    again = live.send()

    assert first == {
        "email": Tally(counts=Counter({State.SENT: PEOPLE})),
        "wechat": Tally(counts=Counter({State.SENT: ARTICLES})),
    }
    assert again == {"email": Tally(), "wechat": Tally()}
    assert (len(live.mail.store.mails()), len(live.account.drafts())) == (PEOPLE, ARTICLES)


def test_day_limit_on_mails_still_lets_the_articles_go(live: Project) -> None:
    """The mail account's day is full: the official account's drafts are made all the same."""
    limited = "  limits: {per_day: 4}\n  connections: 8\n"
    with_accounts(live.root, live.mail, live.account, email=limited)

    tallies = live.send()

    stopped = tallies["email"].stopped
    assert stopped.partition(";")[0] == "the account's limit a day is reached"
    assert tallies == {
        "email": Tally(counts=Counter({State.SENT: 4}), stopped=stopped),
        "wechat": Tally(counts=Counter({State.SENT: ARTICLES})),
    }
    assert live.states() == {
        "email": {State.SENT: 4, State.PLANNED: PEOPLE - 4},
        "wechat": {State.SENT: ARTICLES},
    }


def test_unreachable_mail_server_still_lets_the_articles_go(live: Project) -> None:
    """A stop of one account is no reason to leave another undone, however it is told."""
    with MailCatcher(live.root / "gone", now=clock) as gone:
        pass
    with_accounts(live.root, gone, live.account)

    with suppress(MachineError):
        live.send()

    assert live.states() == {
        "email": {State.PLANNED: PEOPLE},
        "wechat": {State.SENT: ARTICLES},
    }


def test_interruption_starts_no_further_channel(live: Project) -> None:
    """Ctrl-C while mails leave: no article is begun, and the run is ended in the ledger."""
    live.seen.then = lambda _delivered: live.stop.set()
    with_accounts(live.root, live.mail, live.account, email="  connections: 1\n")

    tallies = live.send()

    # The next mail's envelope is under way with the first one's body.
    sent = tallies["email"].counts[State.SENT]
    assert sent in (1, 2)
    assert tallies == {"email": Tally(counts=Counter({State.SENT: sent}), stopped="interrupted")}
    assert live.account.drafts() == []
    assert live.states() == {
        "email": {State.SENT: sent, State.PLANNED: PEOPLE - sent},
        "wechat": {State.PLANNED: ARTICLES},
    }


def test_limit_is_for_all_channels_together(live: Project) -> None:
    """At most so many messages: what mails leave of it is for articles."""
    tallies = live.send(Options(limit=PEOPLE + 1))

    assert {channel: dict(tally.counts) for channel, tally in tallies.items()} == {
        "email": {State.SENT: PEOPLE},
        "wechat": {State.SENT: 1},
    }


@pytest.mark.parametrize(
    ("found", "taken", "expected"),
    [
        (ABSENT, ARTICLES, {State.SENT: ARTICLES}),
        (FOUND, ARTICLES - 1, {State.SENT: ARTICLES}),
        (None, ARTICLES - 1, {State.SENT: ARTICLES - 1, State.IN_DOUBT: 1}),
    ],
    ids=["absent", "found", "unknown"],
)
def test_article_in_doubt_is_looked_for_before_the_engine_runs(
    live: Project, found: Outcome | None, taken: int, expected: dict[State, int]
) -> None:
    """Proved absent it is sent in the same send, else it is not; a mail in doubt stays so."""
    live.put_one_of_each_in_doubt()
    send = live.to_send()
    mails, articles = Wire(), Wire(settling=lambda: found)

    # Below `dispatch`, for scripted outlets: to prove absence the real one waits for seconds.
    with closing(open_ledger(LEDGER, live.root, create=False)) as ledger:
        outlets = [
            outlet_to(mails, ledger, connections=4),
            outlet_to(articles, ledger, channel="wechat"),
        ]
        _one_ledger(send, ledger, outlets, live.tallies)

    assert live.tallies == {
        "email": Tally(counts=Counter({State.SENT: PEOPLE - 1})),
        "wechat": Tally(counts=Counter({State.SENT: taken})),
    }
    assert live.states() == {
        "email": {State.SENT: PEOPLE - 1, State.IN_DOUBT: 1},
        "wechat": expected,
    }
    assert sum(articles.taken.values()) == taken
