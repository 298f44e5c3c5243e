"""The project that is measured: one bilingual letter of about 10 KB to invented people."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

LETTER = Path(__file__).with_name("letter")
CAMPAIGN = "campaigns/letter.yaml"
PEOPLE = "audiences/people.csv"
COLUMNS = ("address", "name", "affiliation", "paper", "topic", "session", "talk", "link")

_GIVEN = ("Clara", "Tobias", "Aoife", "Matteo", "Ines", "Jonas", "Maren", "Petra", "Sunniva")
_FAMILY = ("Nordwall", "Ehrenfeld", "Brannigan-Walsh", "Serravalle", "Castelo", "Lindqvist")
_SURNAMES = "顾沈陆程苏余崔廖韩施"
_NAMES = ("青禾", "砚秋", "知远", "以宁", "怀瑾", "墨言", "疏影", "云深", "望舒")
_PLACES = ("Open Models Laboratory", "开放科学研究院", "Institute of Open Data", "公共数据实验室")
_TOPICS = (
    "A Public Audit Trail for Instruction Data",
    "小语种基准的可迁移性研究",
    "When Four Bits Are Enough & When They Are Not",
    "开放权重模型的复现成本 <初探>",
    "What a Small Benchmark Can Tell",
)


def write_project(
    folder: Path,
    people: int,
    *,
    server: str,
    domain: str = "example.org",
    security: str = "none",
    email: dict[str, object] | None = None,
) -> Path:
    """Write the project into a folder that does not exist yet; the folder.

    `server` is `host:port`; `email` are more settings of the account, such as `connections`.
    Everybody's address is under `domain`, the sender's too.
    """
    shutil.copytree(LETTER, folder)
    host, _, port = server.rpartition(":")
    smtp = {"host": host.strip("[]"), "port": int(port), "security": security}
    settings = {
        "name": {"zh": "开放模型研讨会", "en": "Workshop on Open Models"},
        "languages": ["zh", "en"],
        "sender": {
            "name": {"zh": "程序委员会", "en": "Programme Chairs"},
            "address": f"chairs@{domain}",
        },
        "email": {"smtp": smtp} | (email or {}),
    }
    # JSON is YAML too, and needs no library here.
    text = json.dumps(settings, ensure_ascii=False, indent=2)
    (folder / "announce.yaml").write_text(text + "\n", encoding="utf-8")
    write_people(folder / PEOPLE, people, domain)
    return folder


def write_people(path: Path, people: int, domain: str = "example.org") -> None:
    """Write the audience as CSV; the same people each time, so that runs can be compared."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(people, domain))


def _rows(people: int, domain: str) -> Iterator[tuple[str, ...]]:
    for n in range(1, people + 1):
        yield (
            f"author{n:06d}@{domain}",
            _name(n),
            _PLACES[n % len(_PLACES)],
            f"M{n:06d}",
            _TOPICS[n % len(_TOPICS)],
            str(n % 12 + 1),
            "yes" if n % 3 == 0 else "no",
            f"https://example.org/authors/{n:06d}?from=letter&year=2027",
        )


def _name(n: int) -> str:
    if n % 2:
        return f"{_GIVEN[n % len(_GIVEN)]} {_FAMILY[n % len(_FAMILY)]}"
    return f"{_SURNAMES[n % len(_SURNAMES)]}{_NAMES[n % len(_NAMES)]}"
