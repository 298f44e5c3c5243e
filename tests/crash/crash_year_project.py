"""The example project with schedules for a year: few people, and subjects that say which
occurrence it is."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("cfp", "reviewers", "decisions", "awards")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = {"WECHAT_SECRET": "an-invented-secret"}
APP_ID = "wx0123456789abcdef"

# Every kind of entry; clocks change in Berlin between the weekly ones, and in New York between the
# daily ones. Of awards each is sent however late, of decisions somebody is asked.
SCHEDULES = {
    "cfp": """
quiet: {hours: 22:00-07:00, holidays: [CN]}
schedule:
  - {id: call, at: 2025-01-06 09:00 Asia/Shanghai, if_late: send, grace: 2h}
  - before: deadlines.submission
    by: [30d, 14d, 7d, 2d, 12h]
    at: 09:00
    exclude: [done.csv]
    channels: [email]
""",
    "reviewers": """
schedule:
  - {id: weekly, cron: 0 9 * * mon, zone: Europe/Berlin, start: 2025-02-17, end: 2025-05-01,
     count: 7}
  - {before: deadlines.sign_up, by: [3d], at: 09:00, zone: audience}
""",
    "decisions": """
schedule:
  - {id: told, at: 2025-03-05 10:00 Asia/Shanghai, if_late: send}
  - {before: deadlines.camera_ready, by: 36h, zone: AoE, if_late: ask}
  - {after: deadlines.camera_ready, by: 2d, at: 09:00, if_late: ask, grace: 3h}
""",
    "awards": """
schedule:
  - {id: awards, at: 2025-04-28 18:00 Asia/Singapore, if_late: send}
  - {id: monthly, cron: 30 2 1 * *, zone: America/New_York, start: 2025-06-01, count: 3,
     if_late: send, channels: [email]}
  - {id: daily, cron: 30 1 * * *, zone: America/New_York, start: 2025-11-01, end: 2025-11-03,
     channels: [email]}
""",
}
# The channel of articles is for these, and only for one occurrence of each.
ARTICLES = {("scifm-2025-cfp", "call"), ("scifm-2025-awards", "awards")}
SETTINGS = """\
name: {{zh: SCI-FM 研讨会, en: SCI-FM Workshop}}
languages: [zh, en]
timezone: Asia/Shanghai
sender: {{name: {{zh: 组委会, en: Chairs}}, address: chairs@scifm.example.org}}
email: {{smtp: {{host: 127.0.0.1, port: {port}, security: none}}}}
wechat: {{app_id: {app_id}, app_secret: {{env: WECHAT_SECRET}}, api_base: "{api}"}}
"""
ZONES = ("Asia/Shanghai", "Europe/Berlin", "", "America/New_York")
PEOPLE = 5
SIGN = "[{{ campaign }}/{{ occurrence }}]"
_SIGN = re.compile(r"\[([a-z0-9-]+)/([A-Za-z0-9_-]+)\]")


def read_sign(text: str) -> tuple[str, str]:
    """Campaign and occurrence, from a subject or a title."""
    sign = _SIGN.search(text)
    assert sign is not None, text
    return sign[1], sign[2]


def make_year(root: Path, port: int, api: str) -> Path:
    """The project, over a real mail account and a real official account."""
    for name in ("campaigns", "templates", "audiences", "assets"):
        shutil.copytree(ROOT / name, root / name)
    settings = SETTINGS.format(port=port, api=api, app_id=APP_ID)
    (root / "announce.yaml").write_text(settings, "utf-8")
    (root / "done.csv").write_text("address\n", "utf-8")
    for name in NAMES:
        path = root / "campaigns" / f"{name}.yaml"
        text = path.read_text("utf-8")
        text = re.sub(r"^(as_of|expect):.*\n", "", text, flags=re.M)
        text = re.sub(r"^  known:.*\n", "", text, flags=re.M)
        if f"scifm-2025-{name}" not in dict(ARTICLES):
            text = re.sub(r"^wechat:\n(?:[ \n].*\n|\n)*", "", text, flags=re.M)
        path.write_text(text.rstrip() + "\n" + SCHEDULES[name], "utf-8")
    for path in root.glob("templates/*/*.md.j2"):
        text = path.read_text("utf-8")
        text = re.sub(r'^subject: "?(.*?)"?$', rf'subject: "{SIGN} \1"', text, flags=re.M)
        # A title ends with its language.
        title = f'  title: "{SIGN} {path.parent.name}"'
        text = re.sub(r"^  title: .*$", title, text, flags=re.M)
        path.write_text(text, "utf-8")
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
