"""A year of four scheduled campaigns: the project, its machine, and what arrived."""

from __future__ import annotations

import csv
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from crash_support import Attempt, Ended, Server

from announce.gathering import Opened, gather, open_campaign
from announce.ledger.base import Decided
from announce.model.delivery import Delivery, State
from announce.model.occurrence import Occurrence
from announce.model.schedule import AUDIENCE
from announce.outlets import open_project_ledger
from announce.scheduling import at_occurrence, standings, zones_of
from announce.standing import Stand, Standing
from announce.timetable.timetable import timetable

ROOT = Path(__file__).parents[2]
NAMES = ("cfp", "reviewers", "decisions", "awards")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOW = (Stand.DUE, Stand.LAPSED, Stand.ASKS)
PEOPLE = 5

SCHEDULES = {
    "cfp": """
quiet: {hours: 22:00-07:00, holidays: [CN]}
schedule:
  - {id: call, at: 2025-01-06 09:00 Asia/Shanghai, if_late: send}
  - {before: deadlines.submission, by: [30d, 14d, 7d, 2d, 12h], at: 09:00, exclude: [done.csv]}
""",
    "reviewers": """
schedule:
  - {id: weekly, cron: 0 9 * * mon, zone: Europe/Berlin, start: 2025-01-13, end: 2025-04-07}
  - {before: deadlines.sign_up, by: [3d], at: 09:00, zone: audience}
""",
    "decisions": """
schedule:
  - {at: 2025-03-05 10:00 Asia/Shanghai, if_late: send, grace: 2h}
""",
    "awards": """
schedule:
  - {id: awards, at: 2025-04-28 18:00 Asia/Singapore, if_late: send}
  - {id: monthly, cron: 30 2 1 * *, zone: America/New_York, start: 2025-05-01, count: 8}
  - {id: daily, cron: 30 1 * * *, zone: America/New_York, start: 2025-10-30, end: 2025-11-04}
""",
}
SETTINGS = """\
name: {{zh: SCI-FM 研讨会, en: SCI-FM Workshop}}
languages: [zh, en]
timezone: Asia/Shanghai
sender: {{name: {{zh: 组委会, en: Chairs}}, address: chairs@scifm.example.org}}
email: {{smtp: {{host: 127.0.0.1, port: {port}, security: none}}}}
"""
ZONES = ("Asia/Shanghai", "Europe/Berlin", "", "America/New_York")
_SUBJECT = re.compile(r'^subject: "?(.*?)"?$', re.M)
_SIGN = re.compile(r"\[([a-z0-9-]+)/([A-Za-z0-9_-]+)\]")

Sent = tuple[str, str, str]  # campaign, occurrence, address


def make_year(root: Path, port: int) -> Path:
    """The example project with schedules, few people, and subjects that name the occurrence."""
    for name in ("campaigns", "templates", "audiences", "assets"):
        shutil.copytree(ROOT / name, root / name)
    (root / "announce.yaml").write_text(SETTINGS.format(port=port), "utf-8")
    (root / "done.csv").write_text("address\n", "utf-8")
    for name in NAMES:
        path = root / "campaigns" / f"{name}.yaml"
        text = path.read_text("utf-8")
        text = re.sub(r"^(as_of|expect):.*\n", "", text, flags=re.M)
        text = re.sub(r"^  known:.*\n", "", text, flags=re.M)
        text = re.sub(r"^wechat:\n(?:[ \n].*\n|\n)*", "", text, flags=re.M)
        path.write_text(text.rstrip() + "\n" + SCHEDULES[name], "utf-8")
    for path in root.glob("templates/*/*.md.j2"):
        text = path.read_text("utf-8")
        path.write_text(
            _SUBJECT.sub(r'subject: "[{{ campaign }}/{{ occurrence }}] \1"', text), "utf-8"
        )
    for file in ("community", "reviewers", "decisions", "awards"):
        _shorten(root / "audiences" / f"{file}.csv")
    return root


def _shorten(path: Path) -> None:
    """A few people, each with an address that nobody else has, and a zone."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[:PEOPLE]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "timezone"])
        writer.writeheader()
        for number, row in enumerate(rows):
            row["address"] = f"{path.stem}{number}@example.org"
            if "authors" in row:
                row["authors"] = row["authors"].partition(";")[0]
            writer.writerow(row | {"timezone": ZONES[number % len(ZONES)]})


class Year:
    """The machine: its clock, its ledger's copies, and two crons that may be killed."""

    def __init__(self, root: Path, server: Server, mails: Path, seed: int) -> None:
        self.root, self.server, self.mails = root, server, mails
        self.dice = random.Random(seed)
        self.kills = self.refused = self.doubts = 0
        self.codes = Counter[int]()
        self._read: dict[Path, Sent] = {}
        self._known: dict[tuple[Path, int], Opened] = {}

    @property
    def campaigns(self) -> list[Opened]:
        """As their files are now."""
        paths = [self.root / f"campaigns/{name}.yaml" for name in NAMES]
        return [self._opened(path, path.stat().st_mtime_ns) for path in paths]

    def _opened(self, path: Path, changed: int) -> Opened:
        if (path, changed) not in self._known:
            self._known[path, changed] = open_campaign(str(self.root), str(path))
        return self._known[path, changed]

    def standings(self, moment: datetime) -> Iterator[Standing]:
        """How all occurrences stand."""
        for opened in self.campaigns:
            yield from standings(opened, moment)

    def wakes(self, moment: datetime) -> datetime:
        """The first minute from here on at which there is anything to do."""
        found = END
        for one in self.standings(moment):
            if one.stand in NOW:
                return moment
            if one.stand is Stand.COMING and one.occurrence.due is not None:
                found = min(found, one.occurrence.due)
        # Cron calls at whole minutes.
        return max(moment, found.astimezone(UTC).replace(second=0, microsecond=0))

    def call(self, moment: datetime, *arguments: str) -> Ended:
        """A command that is left alone."""
        return self._start(moment, *arguments).end()

    def run(self, moment: datetime, *, kill: float) -> list[Ended]:
        """Two crons at once; each is killed so often."""
        both = [self._start(moment, "schedule", "run") for _ in range(2)]
        for one in both:
            if self.dice.random() < kill and not one.ends_before(self.dice.uniform(0.02, 0.5)):
                one.signal_all(9)
                self.kills += 1
        ended = [one.end() for one in both]
        for one in both:
            one.all_gone()
        self.codes.update(one.code for one in ended)
        return ended

    def _start(self, moment: datetime, *arguments: str) -> Attempt:
        at = moment + timedelta(seconds=self.dice.uniform(0, 20))
        return self.server.start(self.root, *arguments, moment=at.isoformat())

    def settle(self, moment: datetime) -> None:
        """Say of what is in doubt what became of it, as a person does who has looked."""
        arrived = self.arrived
        for opened in self.campaigns:
            for row in self._doubtful(opened):
                self.doubts += 1
                key = row.key
                word = "--sent" if (key.campaign, key.occurrence, row.to[0]) in arrived else None
                ended = self.call(
                    moment, "settle", key.campaign, key.recipient, word or "--not-sent",
                    "--occurrence", key.occurrence,
                )  # fmt: skip
                assert ended.code == 0, ended.err

    def _doubtful(self, opened: Opened) -> list[Delivery]:
        with closing(open_project_ledger(opened.project)) as ledger:
            return list(ledger.deliveries(opened.campaign.id, states=[State.IN_DOUBT]))

    @property
    def arrived(self) -> Counter[Sent]:
        """How often each came."""
        for path in self.mails.rglob("*.eml"):
            if path in self._read:
                continue
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            sign = _SIGN.search(str(message["Subject"]))
            assert sign is not None, message["Subject"]
            to = str(message["To"].addresses[0].addr_spec)
            self._read[path] = sign[1], sign[2], to
        return Counter(self._read.values())

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.root / ".announce" / "ledger.sqlite3"

    def copy_ledger(self, to: Path) -> None:
        """As a backup does."""
        with closing(sqlite3.connect(self.ledger)) as old, closing(sqlite3.connect(to)) as new:
            old.backup(new)

    def restore_ledger(self, copy: Path) -> None:
        """As somebody does who had to."""
        for path in self.ledger.parent.glob("ledger.sqlite3*"):
            path.unlink()
        shutil.copy(copy, self.ledger)

    def decided(self) -> Iterator[tuple[str, Occurrence, Decided | None]]:
        """What the ledger says of every occurrence that the files have in the year."""
        for opened in self.campaigns:
            with closing(open_project_ledger(opened.project)) as ledger:
                known = ledger.decisions.of(opened.campaign.id)
            zones = zones_of(opened)
            for one in timetable(
                opened.project, opened.campaign, END, zones=zones, begin=BEGIN, end=END
            ):
                yield opened.campaign.id, one, known.get(one.part)

    def people(self, campaign: str, one: Occurrence) -> set[str]:
        """To whom an occurrence goes, as the files are now."""
        (opened,) = (each for each in self.campaigns if each.campaign.id == campaign)
        gathered = gather(at_occurrence(opened, one))
        zoned = one.entry is not None and one.entry.zone == AUDIENCE
        return {
            row.addresses[0].spec
            for row in gathered.audience.recipients
            if not zoned or row.fields["timezone"].strip() == one.zone
        }
