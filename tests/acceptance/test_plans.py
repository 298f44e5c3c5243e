"""The plan: its lines, what the ledger knows of them, and how it is printed."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from announce.model.delivery import DeliveryKey
from announce.preparing import prepare

CFP = "campaigns/cfp.yaml"
DECISIONS = "campaigns/decisions.yaml"
NOW = datetime(2025, 1, 6, tzinfo=UTC)


def states(plan: dict[str, object]) -> dict[str, str]:
    """State by key, of a plan as it is printed."""
    deliveries = plan["deliveries"]
    assert isinstance(deliveries, list)
    return {line["key"]: line["state"] for line in deliveries}


def test_lines_are_found_by_number_and_key(project) -> None:
    """The same line comes by walking, by its number, from the end, and by its key."""
    plan = prepare(str(project), str(project / CFP), NOW).plan

    walked = list(plan.lines)
    assert [line.delivery.position for line in walked] == list(range(60))
    assert [plan.lines[number] for number in reversed(range(60))] == walked[::-1]
    assert (plan.lines[-1], plan.lines[57:]) == (walked[59], walked[57:])
    assert [plan.lines.find(line.delivery.key) for line in walked] == list(range(60))
    stranger = DeliveryKey(plan.campaign, plan.occurrence, "email", "nobody@example.org")
    assert plan.lines.find(stranger) is None


@pytest.mark.parametrize("campaign", [CFP, DECISIONS])
def test_deliveries_are_those_of_the_lines(announce, project, campaign) -> None:
    """Made without the recipients; all addresses are in them, and none that is spared."""
    for _ in range(2):
        plan = prepare(str(project), str(project / campaign), NOW).plan
        deliveries = list(plan.lines.deliveries())

        assert deliveries == [line.delivery for line in plan.lines]
        announce("suppress", "add", deliveries[0].to[0], cwd=project)


def test_digest_is_of_who_gets_which_bytes(project) -> None:
    """Nothing else is in it, so that it can be told from the printed plan: a block of up to a
    thousand lines has a digest, and the plan that of these."""
    plan = prepare(str(project), str(project / CFP), NOW).plan

    state = sha256()
    for line in plan.lines:
        one = line.delivery
        state.update(f"{one.key}\0{one.language}\0{one.digest}\n".encode())
    assert plan.digest == sha256(state.digest()).hexdigest()[:32]
    assert len({line.delivery.digest for line in plan.lines}) == 60
    assert plan.totals == {"email": {"planned": 58}, "wechat": {"planned": 2}}


def test_printed_plan_is_json_as_any_other(announce, project) -> None:
    """It is printed as it is made, and looks as if it had been made before."""
    announce("suppress", "add", "yumoyan@data.example.org", cwd=project)

    ended = announce("plan", "--json", CFP, cwd=project)

    assert ended.out == json.dumps(ended.json, ensure_ascii=False, indent=2) + "\n"
    assert len(ended.json["deliveries"]) == 60
    assert ended.json["totals"]["email"] == {"skipped": 1, "planned": 57}


def test_empty_plan_is_json_too(announce, project) -> None:
    """A plan without a line has a list without one."""
    path = project / DECISIONS
    text = path.read_text(encoding="utf-8")
    source = "  file: audiences/decisions.csv\n"
    assert source in text
    path.write_text(text.replace(source, source + "  where: decision == 'none'\n"), "utf-8")

    ended = announce("plan", "--json", DECISIONS, cwd=project)

    assert ended.json["deliveries"] == []
    assert ended.out == json.dumps(ended.json, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.usefixtures("unlisted")
def test_what_was_sent_is_known_wherever_it_stands(announce, project) -> None:
    """Rows turned round, one more at the top, one less: each keeps what the ledger knows of it."""
    announce("send", "--limit", "4", DECISIONS, cwd=project)
    path = project / "audiences" / "decisions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    sent = {row[head.index("key")] for row in rows[:4]}
    new = ["SCIFM-900" if name == "key" else cell for name, cell in zip(head, rows[0], strict=True)]
    new[head.index("address")] = "new@example.org"
    new[head.index("authors")] = "New Person"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, new, *rows[:1:-1], rows[0]])

    ended = announce("plan", "--json", DECISIONS, cwd=project)

    found = states(ended.json)
    assert {key for key, state in found.items() if state == "sent"} == sent - {rows[1][0]}
    assert list(found) == [
        "SCIFM-900",
        *(row[head.index("key")] for row in [*rows[:1:-1], rows[0]]),
    ]


@pytest.mark.usefixtures("unlisted")
def test_who_is_gone_from_the_audience_is_told(announce, project) -> None:
    """Planned before, and no longer there: counted and named."""
    announce("send", "--limit", "1", DECISIONS, cwd=project)
    path = project / "audiences" / "decisions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows[:-2])

    ended = announce("plan", DECISIONS, cwd=project)

    keys = ", ".join(row[rows[0].index("key")] for row in rows[-2:])
    assert f"2 planned before are gone from the audience: {keys}" in ended.out


def test_receipts_taken_over_are_known_line_by_line(announce, live) -> None:
    """Without its ledger, who is in a receipt is planned as sent, and everybody else as due."""
    announce("send", "--yes", "--limit", "3", CFP, cwd=live)
    sent = states(announce("plan", "--json", CFP, cwd=live).json)
    for path in (live / ".announce").glob("ledger*"):
        path.unlink()
    announce("ledger", "adopt", cwd=live)

    ended = announce("plan", "--json", CFP, cwd=live)

    assert states(ended.json) == sent
    assert sorted(sent.values()) == ["planned"] * 57 + ["sent"] * 3
    reasons = {one.get("reason") for one in ended.json["deliveries"] if one["state"] == "sent"}
    assert reasons == {"taken over from a receipt"}


def test_dry_run_of_a_part_is_that_part(announce, project) -> None:
    """One channel, some keys, or the first that are due: those lines, as they are in the plan."""
    whole = announce("plan", "--json", CFP, cwd=project).json["deliveries"]

    wechat = announce("send", "--dry-run", "--json", "--channel", "wechat", CFP, cwd=project).json
    two = announce("send", "--dry-run", "--json", "--limit", "2", CFP, cwd=project).json
    key = whole[7]["key"]
    one = announce("send", "--dry-run", "--json", "--only", key.upper(), CFP, cwd=project).json

    assert wechat["deliveries"] == whole[58:]
    assert wechat["totals"] == {"wechat": {"planned": 2}}
    assert two["deliveries"] == whole[:2]
    assert one["deliveries"] == [whole[7]]


def test_blank_language_counts_where_it_matters(announce, project: Path) -> None:
    """Rows without a language are told of where the reader's own decides, and only there."""
    asked = announce("plan", CFP, cwd=project)
    path = project / CFP
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("languages: recipient", "languages: zh"), encoding="utf-8")
    fixed = announce("plan", CFP, cwd=project)

    assert "no language" in asked.out
    assert (fixed.code, "no language" in fixed.out) == (0, False)
