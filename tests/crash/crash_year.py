"""The machine of a year of scheduled campaigns: its clock, its ledger, its crons, what arrived."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from crash_support import Attempt, Ended, Server
from crash_year_project import APP_ID, ARTICLES, BEGIN, END, NAMES, SECRET, read_sign

from announce.gathering import Opened, gather, open_campaign
from announce.ledger.base import Decided
from announce.model.delivery import State
from announce.model.occurrence import Occurrence
from announce.model.schedule import AUDIENCE
from announce.outlets import open_project_ledger
from announce.sandbox.mailcatcher import MailCatcher
from announce.sandbox.wechat import Account, AccountKind, OfficialAccountServer
from announce.scheduling import at_occurrence, standings, zones_of
from announce.standing import Stand, Standing, judge
from announce.timetable.timetable import timetable

MINUTE = timedelta(minutes=1)
NOW = (Stand.DUE, Stand.LAPSED, Stand.ASKS)

Sent = tuple[str, str, str]  # campaign, occurrence, and an address or `article LANGUAGE`
Part = tuple[str, str, str]  # campaign, occurrence, zone


@dataclass(frozen=True)
class Known:
    """How all occurrences stood when the ledger was read."""

    found: dict[str, list[Standing]]

    def at(self, moment: datetime) -> list[Standing]:
        """Those that there is anything to do about at a moment, if nothing happens until then."""
        return [
            one
            for parts in self.found.values()
            for one in judge(
                [each.occurrence for each in parts],
                moment,
                {each.occurrence.part: each.decided for each in parts if each.decided},
                {each.occurrence.part for each in parts if each.begun},
            )
            if one.stand in NOW
        ]

    @property
    def waiting(self) -> list[tuple[str, Standing]]:
        """What there is to do now, with its campaign."""
        return [
            (name, one)
            for name, parts in self.found.items()
            for one in parts
            if one.stand in NOW
        ]  # fmt: skip

    def wakes(self, moment: datetime) -> datetime:
        """The first whole minute, such as cron calls at, from which on there is anything to do."""
        if self.waiting:
            return moment
        coming = [
            one.occurrence.due
            for parts in self.found.values()
            for one in parts
            if one.stand is Stand.COMING and one.occurrence.due is not None
        ]
        first = min(coming, default=END)
        whole = first.astimezone(END.tzinfo).replace(second=0, microsecond=0)
        return max(moment, whole + MINUTE * (whole < first))


@dataclass
class Figures:
    """What happened in a year."""

    runs: int = 0
    kills: int = 0
    at_hand_over: int = 0
    doubts: int = 0
    restores: int = 0
    refused: int = 0
    sleeps: int = 0
    wrong_clocks: int = 0
    asked: int = 0
    quiet: int = 0
    codes: Counter[int] = field(default_factory=Counter)


class Year:
    """The machine, with two crons that may be killed."""

    def __init__(self, folder: Path, server: Server, seed: int) -> None:
        self.root, self.mails, self.server = folder / "project", folder / "mails", server
        self.dice = random.Random(seed)
        self.figures = Figures()
        self.minute = BEGIN  # the true time, which the platform has too
        self.mail = MailCatcher(self.mails, now=self._mail_comes)
        account = Account(
            app_id=APP_ID, app_secret=SECRET["WECHAT_SECRET"], kind=AccountKind.VERIFIED_SERVICE
        )
        self.account = OfficialAccountServer(
            folder / "platform", now=lambda: self.minute, account=account
        )
        self.backup = folder / "backup.sqlite3"
        self._sent_at_backup = self._came = 0
        self._read: dict[Path, Sent] = {}
        self._known: dict[tuple[Path, int], Opened] = {}

    @property
    def campaigns(self) -> dict[str, Opened]:
        """By their ids, as their files are now."""
        paths = [self.root / f"campaigns/{name}.yaml" for name in NAMES]
        opened = [self._opened(path, path.stat().st_mtime_ns) for path in paths]
        return {one.campaign.id: one for one in opened}

    def _opened(self, path: Path, changed: int) -> Opened:
        if (path, changed) not in self._known:
            self._known[path, changed] = open_campaign(str(self.root), str(path))
        return self._known[path, changed]

    def look(self, moment: datetime) -> Known:
        """How all occurrences stand."""
        return Known({name: standings(one, moment) for name, one in self.campaigns.items()})

    def call(self, moment: datetime, *arguments: str) -> Ended:
        """A command that is left alone."""
        return self._start(moment, *arguments).end()

    def run(self, moment: datetime, *, kill: float) -> list[Ended]:
        """Two crons at once; each is killed so often."""
        both = [self._start(moment, "schedule", "run") for _ in range(2)]
        for one in both:
            if self.dice.random() < kill:
                self.kill(one)
        ended = [one.end() for one in both]
        for one in both:
            one.all_gone()
        self.figures.runs += 2
        self.figures.codes.update(one.code for one in ended)
        return ended

    def kill(self, one: Attempt) -> None:
        """Kill it at an instant of its life: any, or one just after a mail came in."""
        if aimed := self.dice.random() < 0.5:
            before = self._came
            while self._came == before and not one.ends_before(0.005):
                pass
        if not one.ends_before(self.dice.uniform(0, 0.04 if aimed else 0.8)):
            one.signal_all(9)
            self.figures.kills += 1
            self.figures.at_hand_over += aimed

    def _mail_comes(self) -> datetime:
        """The true time, for a mail that is being taken."""
        self._came += 1
        return self.minute

    def _start(self, moment: datetime, *arguments: str) -> Attempt:
        at = moment + timedelta(seconds=self.dice.uniform(0, 20))
        return self.server.start(self.root, *arguments, moment=at.isoformat(), secrets=SECRET)

    def settle(self, moment: datetime) -> None:
        """Say of what is in doubt what became of it, as a person does who has looked."""
        opened = next(iter(self.campaigns.values()))
        with closing(open_project_ledger(opened.project)) as ledger:
            rows = [
                row
                for name in self.campaigns
                for row in ledger.deliveries(name, states=[State.IN_DOUBT])
            ]
        arrived = self.arrived if rows else Counter[Sent]()
        for row in rows:
            key = row.key
            who = row.to[0] if key.channel == "email" else f"article {key.recipient}"
            word = "--sent" if (key.campaign, key.occurrence, who) in arrived else "--not-sent"
            ended = self.call(
                moment, "settle", key.campaign, key.recipient, word, "--occurrence", key.occurrence
            )
            assert ended.code == 0, ended.err
            self.figures.doubts += 1

    def answer(self, moment: datetime, campaign: str, one: Occurrence) -> None:
        """Say of an occurrence that asks what becomes of it."""
        self.figures.asked += 1
        file = f"campaigns/{campaign.rpartition('-')[2]}.yaml"
        if self.dice.random() < 0.5:
            ended = self.call(moment, "schedule", "skip", file, one.id)
        else:
            ended = self.call(moment, "send", file, "--yes", "--occurrence", one.id)
        assert ended.code in (0, 1), ended.err

    @property
    def arrived(self) -> Counter[Sent]:
        """How often each came: mails, and drafts of articles."""
        for path in self.mails.glob("*.eml"):
            if path not in self._read:
                message = message_from_bytes(path.read_bytes(), policy=policy.default)
                to = str(message["To"].addresses[0].addr_spec)
                self._read[path] = *read_sign(str(message["Subject"])), to
        titles = [one.articles[0].title for one in self.account.drafts()]
        articles = [(*read_sign(title), f"article {title[-2:]}") for title in titles]
        return Counter([*self._read.values(), *articles])

    def copy_ledger(self) -> None:
        """As a backup does."""
        self.backup.unlink(missing_ok=True)
        old, new = (sqlite3.connect(path) for path in (self._ledger, self.backup))
        with closing(old), closing(new):
            old.backup(new)
        self._sent_at_backup = self.arrived.total()

    @property
    def can_lose(self) -> bool:
        """Whether there is a copy of the ledger, after which something was sent."""
        return self.backup.exists() and self.arrived.total() > self._sent_at_backup

    def restore_ledger(self) -> None:
        """Put the copy in the ledger's place, as somebody does who had to."""
        for path in self._ledger.parent.glob("ledger.sqlite3*"):
            path.unlink()
        shutil.move(self.backup, self._ledger)
        self.figures.restores += 1

    @property
    def _ledger(self) -> Path:
        return self.root / ".announce" / "ledger.sqlite3"

    def adopt(self, moment: datetime, told: str) -> None:
        """Give the command that the refusal names; it may be killed, and is given again."""
        (command,) = set(re.findall(r"`announce ([a-z ]+)`", told))
        if self.dice.random() < 0.5:
            first = self._start(moment, *command.split())
            if not first.ends_before(self.dice.uniform(0, 0.15)):
                first.signal_all(9)
                self.figures.kills += 1
            first.end()
        ended = self.call(moment, *command.split())
        assert ended.code == 0, ended.err

    def table(self) -> dict[Part, Occurrence]:
        """Every occurrence that the files have in the year."""
        return {
            (name, *one.part): one
            for name, opened in self.campaigns.items()
            for one in timetable(
                opened.project, opened.campaign, END, zones=zones_of(opened), begin=BEGIN, end=END
            )
        }

    def decided(self) -> Iterator[tuple[Part, Decided]]:
        """What was decided of each."""
        for name, opened in self.campaigns.items():
            for one in standings(opened, self.minute, begin=BEGIN, end=END):
                if one.decided is not None:
                    yield (name, *one.occurrence.part), one.decided

    def people(self, campaign: str, one: Occurrence) -> set[Sent]:
        """What an occurrence is to bring, and to whom."""
        gathered = gather(at_occurrence(self.campaigns[campaign], one))
        zoned = one.entry is not None and one.entry.zone == AUDIENCE
        to = {
            row.addresses[0].spec
            for row in gathered.audience.recipients
            if not zoned or row.fields["timezone"].strip() == one.zone
        }
        if (campaign, one.id) in ARTICLES:
            to |= {"article zh", "article en"}
        return {(campaign, one.id, who) for who in to}
