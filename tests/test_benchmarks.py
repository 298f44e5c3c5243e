"""The benchmark measures what it says: the same letter to the same people, and all of it."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from suite import plot, report
from suite.content import differences
from suite.measure import Failed, run
from suite.peers import ALL, Command, Peer
from suite.rounds import Scores, Taken, in_turn
from suite.roundtrip import LongWay
from suite.sinks import OwnSink
from suite.tools import PEERS, Tools

from announce.cli.sampled import ROOMS, STAGES
from announce.measuring.campaign import CAMPAIGN, PEOPLE, write_people, write_project

BY_NAME = {peer.name: peer for peer in ALL}
# The others need what the tests have not: a package index, Node, Postfix.
HERE = ("announce", "stdlib", "stdlib-html", "yagmail", "yagmail-html")


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """What there is without installing anything."""
    return Tools(work=tmp_path / "work", announce=(sys.executable, "-m", "announce"), postfix=None)


def test_measured_project_plans_cleanly(announce, tmp_path) -> None:
    """The generated project has no fault and no doubt, and everybody is due."""
    project = write_project(tmp_path / "measured", 30, server="127.0.0.1:25")

    ended = announce("plan", str(project / CAMPAIGN), "--json", cwd=project)

    states = Counter(one["state"] for one in ended.json["deliveries"])
    assert (ended.code, ended.json["problems"], states) == (0, [], {"planned": 30})


def test_people_are_the_same_each_time(tmp_path) -> None:
    """A smaller audience is the beginning of a larger one, so that runs can be compared."""
    write_people(tmp_path / "few.csv", 10)
    write_people(tmp_path / "many.csv", 2000)

    few = (tmp_path / "few.csv").read_text(encoding="utf-8").splitlines()
    many = (tmp_path / "many.csv").read_text(encoding="utf-8").splitlines()
    assert many[: len(few)] == few
    assert len({line.partition(",")[0] for line in many[1:]}) == 2000
    # The Node peer splits its lines at commas.
    assert {line.count(",") for line in many} == {7}
    assert not any('"' in line for line in many)


@pytest.mark.parametrize("name", HERE)
def test_peer_sends_the_letter(tools, tmp_path, name) -> None:
    """The same recipients, subjects and words from everybody, in about as many octets."""
    found, size = differences(tools, BY_NAME[name], tmp_path / "letter", people=4)

    assert found == []
    assert 8_000 < size < 12_500


def test_other_words_are_found(tools, tmp_path) -> None:
    """A peer that sends another letter, or none, is told."""

    def lay(_tools, ground):
        script = (
            "import smtplib; from email.message import EmailMessage as M; m = M();"
            "m['To'], m['Subject'] = 'author000001@example.org', 'x';"
            "m.set_content('<p>x</p>', subtype='html');"
            f"s = smtplib.SMTP('127.0.0.1', {ground.port}); s.send_message(m, 'a@example.org');"
            "s.quit()"
        )
        return Command(words=[sys.executable, "-c", script], folder=ground.folder)

    other = Peer(name="other", title="other", lay=lay)

    found, _ = differences(tools, other, tmp_path / "letter", people=2)

    about = "('author000001@example.org',):"
    assert [what.partition(" ")[0] for what in found] == ["1", about, about]


def test_rounds_are_interleaved_and_counted(tools, tmp_path) -> None:
    """Each in turn, round after round; whoever does not deliver everything has a void run."""
    idle = Peer(
        name="idle",
        title="idle",
        lay=lambda _tools, ground: Command(
            words=[sys.executable, "-c", "pass"], folder=ground.folder
        ),
    )

    runs = list(
        in_turn(
            tools,
            [BY_NAME["announce"], idle, BY_NAME["stdlib"]],
            OwnSink,
            folder=tmp_path / "rounds",
            messages=20,
            rounds=1,
            size=10_000,
        )
    )

    assert [peer.name for peer, _ in runs] == ["announce", "idle", "stdlib"]
    assert [type(taken) for _, taken in runs] == [Taken, Failed, Taken]
    assert str(runs[1][1]) == "0 of 20 messages arrived"
    assert all(taken.peak > 5e6 for _, taken in runs if isinstance(taken, Taken))


def test_measured_process_tells_its_own_memory_and_end(tmp_path) -> None:
    """The peak is the command's, not the benchmark's; another exit code than 0 is no figure."""
    small = run([sys.executable, "-I", "-S", "-c", "pass"], folder=tmp_path, timeout=60)
    large = "x = b'1' * 60_000_000; import time; time.process_time()"
    grown = run([sys.executable, "-I", "-S", "-c", large], folder=tmp_path, timeout=60)

    assert grown.peak - small.peak > 50e6
    with pytest.raises(Failed, match="exit code 3: why"):
        run([sys.executable, "-c", "print('why'); exit(3)"], folder=tmp_path, timeout=60)


def test_long_way_keeps_every_byte_in_order() -> None:
    """What comes out of the proxy is what went in, to the last byte before the end."""
    sent = bytes(range(256)) * 4000
    with socket.create_server(("127.0.0.1", 0)) as door, LongWay(door.getsockname()[1], 4) as way:
        with socket.create_connection(("127.0.0.1", way.port)) as near:
            far, _ = door.accept()
            with far:
                near.sendall(sent)
                near.shutdown(socket.SHUT_WR)
                taken = b""
                while octets := far.recv(65536):
                    taken += octets
                far.sendall(b"goodbye")
            assert near.recv(100) == b"goodbye"
        seen = way.seen()

    assert taken == sent
    assert seen["connections"] == 1
    assert 0 < seen["first"] <= seen["last"]


def summary(name: str, *seconds: float) -> dict[str, object]:
    """A row of the clients' table."""
    runs = [Taken(seconds=one, cpu=1.0, peak=20_000_000) for one in seconds]
    scores = Scores(name=name, title=name, messages=1000, runs=runs)
    return {**scores.summary(), "size": 10_000}


FIGURES = {
    "machine": {
        "cores": 2, "kind": "x86_64", "memory": 8, "system": "Linux", "python": "3.11",
        "date": "2026-11", "sink": "a sink", "versions": {"announce": "1"},
    },
    "commands": {"clients": "python benchmarks/run.py"},
    "clients": [summary("other", 10, 40, 20), summary("announce", 2, 4, 1)],
}  # fmt: skip


def test_table_compares_medians_of_one_run() -> None:
    """Median, lowest and highest rate, and how many times as fast announce was."""
    rows = report.clients(FIGURES, "en").splitlines()[2:]

    assert rows == [
        "| other | 50 (25–100) | 10.00 | 1.00 | 20 | 10.0 | 3 × 1,000 |",
        "| announce | 500 (250–1,000) | 1.00 | 1.00 | 20 | 10.0 | 3 × 1,000 |",
    ]


def test_tables_go_between_their_marks(tmp_path) -> None:
    """Only what stands between the marks changes; a section without a place is named."""
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- measured: clients -->\nold\n<!-- /measured -->\nb\n", encoding="utf-8")

    missing = report.write_into(page, report.sections(FIGURES, "en"))

    text = page.read_text(encoding="utf-8")
    assert missing == ["machine"]
    assert text.startswith("a\n<!-- measured: clients -->\n| ")
    assert text.endswith("|\n<!-- /measured -->\nb\n")
    assert "old" not in text


def test_both_pages_have_a_place_for_every_table() -> None:
    """What the benchmark can measure, the documentation can show, in both languages."""
    docs = PEERS.parents[1] / "docs"
    for name in ("performance.md", "performance.zh.md"):
        text = (docs / name).read_text(encoding="utf-8")
        assert [one for one in ("machine", "clients", "trips", "large")
                if f"<!-- measured: {one} -->" not in text] == []  # fmt: skip


def test_picture_is_an_svg_with_a_bar_each() -> None:
    """Well-formed, a bar as long as its figure, names escaped."""
    rows = [
        plot.Bar(label="a <b>", value=100, lowest=50, highest=200),
        plot.Bar(label="announce", value=200, lowest=200, highest=200, ours=True),
    ]

    tree = ElementTree.fromstring(plot.bars("t", "n", rows))

    found = tree.iterfind(".//{http://www.w3.org/2000/svg}rect")
    bars = [one for one in found if one.get("class") != "card"]
    widths = [float(one.get("width", "0")) for one in bars]
    assert [one.get("class") for one in bars] == ["bar", "ours"]
    assert widths[1] == pytest.approx(2 * widths[0])


def test_node_peer_asks_for_what_the_suite_installs() -> None:
    """The package list and the script name the same packages."""
    wanted = json.loads((PEERS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    script = (PEERS / "nodemailer_pool.mjs").read_text(encoding="utf-8")

    assert [name for name in wanted if f"require('{name}')" not in script] == []


def test_sampled_rooms_exist() -> None:
    """Every room whose time is told is a module, and its stage is one that is shown."""
    missing = [name for name in ROOMS if importlib.util.find_spec(name) is None]

    assert (missing, set(ROOMS.values()) - set(STAGES)) == ([], set())


def test_audience_of_the_project_is_the_peers(tmp_path) -> None:
    """The people of the project are those that the peers are given."""
    project = write_project(tmp_path / "measured", 5, server="127.0.0.1:25")
    write_people(tmp_path / "people.csv", 5)

    assert (project / PEOPLE).read_bytes() == (tmp_path / "people.csv").read_bytes()
