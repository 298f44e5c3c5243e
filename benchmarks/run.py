"""How fast `announce` sends, beside others, on this machine. One command:

    python benchmarks/run.py                 the clients' table, 20,000 messages, 3 rounds
    python benchmarks/run.py --quick         a minute or two, to see that it works
    python benchmarks/run.py --rtt --memory --resend --write docs/performance.md

Run it with a Python that has announce installed. benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from suite import plot, report
from suite.content import differences
from suite.large import steps
from suite.measure import Failed
from suite.peers import ALL, Peer
from suite.rounds import Scores, in_turn
from suite.roundtrip import Trip, accuracy, trips
from suite.sinks import OpenSink, choose
from suite.tools import Tools

HERE = Path(__file__).parent
LARGE = (10_000, 100_000)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--messages", type=int, default=20_000, help="messages a run; slow peers take fewer")
    add("--rounds", type=int, default=3)
    add("--quick", action="store_true", help="2,000 messages, 300 of slow peers, 2 rounds")
    names = [peer.name for peer in ALL]
    add("--only", nargs="+", choices=names, metavar="PEER", help=f"of: {', '.join(names)}")
    add("--no-clients", action="store_true", help="leave the clients' table out")
    add("--rtt", nargs="?", type=float, const=50.0, metavar="MS", help="over a long way (50 ms)")
    add("--rtt-seconds", type=float, default=8.0, help="about so long a run over the long way")
    add("--memory", action="store_true", help="peak memory with 10,000 and 100,000 recipients")
    add("--resend", action="store_true", help="sending again to 100,000")
    add("--recipients", nargs="+", type=int, help="other sizes for --memory and --resend")
    add("--postfix", type=Path, metavar="DIR", help="folder of smtp-sink and smtp-source")
    add("--own-sink", action="store_true", help="announce's counting sink, not smtp-sink")
    add("--announce", default=f"{shlex.quote(sys.executable)} -m announce", metavar="COMMAND")
    add("--work", type=Path, default=HERE / ".work", help="what is installed and written meanwhile")
    add("--results", type=Path, help="keep the figures here as JSON; what is there is added to")
    add("--write", type=Path, metavar="PAGE", help="put the tables into a page, and its .zh.md")
    return parser.parse_args()


def main() -> int:
    """Measure what was asked for, print it, and write it where asked."""
    asked = arguments()
    asked.work.mkdir(parents=True, exist_ok=True)
    (asked.work / ".gitignore").write_text("*\n", encoding="utf-8")
    tools = Tools(
        work=asked.work.resolve(),
        announce=tuple(shlex.split(asked.announce)),
        postfix=asked.postfix.resolve() if asked.postfix else None,
    )
    name, open_sink = choose(None if asked.own_sink else tools.postfix)
    if asked.own_sink:
        from suite.sinks import OwnSink

        name, open_sink = OwnSink.name, OwnSink
    peers = [peer for peer in ALL if asked.only is None or peer.name in asked.only]
    for peer in [peer for peer in peers if not peer.present(tools)]:
        tell(f"{peer.title}: not installed, or not in this version; left out")
        peers.remove(peer)
    figures = measured(asked, tools, name, open_sink, peers)
    if asked.results and asked.results.exists():
        before = json.loads(asked.results.read_text(encoding="utf-8"))
        figures = before | figures | {"commands": before["commands"] | figures["commands"]}
    if asked.results:
        text = json.dumps(figures, ensure_ascii=False, indent=2)
        asked.results.write_text(text + "\n", encoding="utf-8")
    print("\n\n".join(report.sections(figures, "en").values()))
    if asked.write:
        write(asked.write, figures)
    return 0


def measured(
    asked: argparse.Namespace, tools: Tools, sink: str, open_sink: OpenSink, peers: list[Peer]
) -> dict[str, Any]:
    """All sections that were asked for, in a folder that goes away."""
    figures: dict[str, Any] = {"machine": machine(tools, sink)}
    with tempfile.TemporaryDirectory(dir=asked.work) as folder:
        place = Path(folder)
        sizes = same_letter(tools, peers, place / "letter")
        if not asked.no_clients:
            figures["clients"] = clients(asked, tools, open_sink, peers, sizes, place / "rounds")
        if asked.rtt:
            figures |= long_way(asked, tools, open_sink, peers, sizes, place / "trips")
        if asked.memory or asked.resend:
            figures["large"] = many(asked, tools, open_sink, place / "large")
    command = shown_command()
    names = [name for name in ("clients", "trips", "large") if name in figures]
    return figures | {"commands": dict.fromkeys(names, command)}


def same_letter(tools: Tools, peers: Sequence[Peer], folder: Path) -> dict[str, int]:
    """The octets of each peer's message. Ends the program where one says something else."""
    sizes = {}
    for peer in peers:
        if peer.writes:
            found, sizes[peer.name] = differences(tools, peer, folder / peer.name)
            if found:
                sys.exit(f"{peer.title} does not send the letter:\n  " + "\n  ".join(found))
    tell("every peer sends the same words to the same people")
    return sizes


def clients(
    asked: argparse.Namespace,
    tools: Tools,
    open_sink: OpenSink,
    peers: Sequence[Peer],
    sizes: dict[str, int],
    folder: Path,
) -> list[dict[str, Any]]:
    """The rows of the clients' table, fastest last."""
    messages, rounds, slow = asked.messages, asked.rounds, None
    if asked.quick:
        messages, rounds, slow = min(messages, 2000), min(rounds, 2), 300
    size = sizes.get("announce", 10_000)
    chosen = [fewer(peer, slow) for peer in peers]
    scores = {
        peer.name: Scores(name=peer.name, title=peer.title, messages=peer.share(messages))
        for peer in chosen
    }
    runs = in_turn(
        tools, chosen, open_sink, folder=folder, messages=messages, rounds=rounds, size=size
    )
    for peer, taken in runs:
        score = scores[peer.name]
        if isinstance(taken, Failed):
            tell(f"{peer.title}: void: {taken}")
            continue
        score.runs.append(taken)
        rate = score.messages / taken.seconds
        tell(f"{peer.title}: {rate:,.0f} messages/s, {taken.seconds:.1f} s")
    done = [score.summary() | {"size": sizes.get(name, size)} for name, score in scores.items()
            if score.runs]  # fmt: skip
    return sorted(done, key=lambda row: float(row["rate"]))


def fewer(peer: Peer, slow: int | None) -> Peer:
    """The peer with a smaller run, where it is one of those that take few messages anyway."""
    from dataclasses import replace

    limited = slow is not None and peer.most < 1_000_000
    return replace(peer, most=min(peer.most, slow or peer.most)) if limited else peer


def long_way(
    asked: argparse.Namespace,
    tools: Tools,
    open_sink: OpenSink,
    peers: Sequence[Peer],
    sizes: dict[str, int],
    folder: Path,
) -> dict[str, Any]:
    """The rows of the table over a long way, and how true the way was."""
    checked = [(n, *accuracy(asked.rtt, n)) for n in (1, 16, 64)]
    for connections, median, high in checked:
        tell(f"round trip with {connections} connections: {median:.1f} ms, 95 % below {high:.1f}")
    rows = []
    # Where the way is long, it makes no difference what a message is made of.
    peers = [peer for peer in peers if not peer.name.endswith("-html")]
    for trip in trips(
        tools,
        peers,
        open_sink,
        folder=folder,
        milliseconds=asked.rtt,
        seconds=asked.rtt_seconds,
        size=sizes.get("announce", 10_000),
    ):
        if not isinstance(trip, Trip):
            tell(f"{trip[0].title}: void: {trip[1]}")
            continue
        rows.append(asdict(trip))
        a_trip = trip.messages / trip.wire * asked.rtt / 1000
        tell(f"{trip.title}, {trip.connections} connections: {a_trip:.2f} messages a round trip")
    return {"trips": rows, "trip": {"milliseconds": asked.rtt, "accuracy": checked}}


def many(
    asked: argparse.Namespace, tools: Tools, open_sink: OpenSink, folder: Path
) -> list[dict[str, Any]]:
    """The rows of the table with many recipients."""
    sizes = asked.recipients or ((1000, 10_000) if asked.quick else LARGE)
    rows: list[dict[str, Any]] = []
    try:
        for step in steps(tools, open_sink, folder=folder, sizes=sizes, again=asked.resend):
            rows.append({"people": step.people, "step": step.name, **asdict(step.taken)})
            taken = step.taken
            tell(f"{step.people:,}: {step.name}: {taken.seconds:.1f} s, {taken.peak / 1e6:.0f} MB")
    except Failed as failed:
        tell(f"void: {failed}")
    return rows


def interpreter() -> str:
    """Its version, and whose build it is where it is the system's: builds differ by a quarter."""
    version = platform.python_version()
    if sys.base_prefix != "/usr":
        return version
    with contextlib.suppress(OSError):
        return f"{version} ({platform.freedesktop_os_release()['NAME']})"
    return version


def machine(tools: Tools, sink: str) -> dict[str, Any]:
    """The machine in general words, and what was measured with which version."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "cores": os.cpu_count(),
        "kind": platform.machine(),
        "memory": round(memory),
        "system": platform.system(),
        "python": interpreter(),
        "date": f"{datetime.now(UTC):%Y-%m}",
        "sink": sink,
        "versions": tools.versions,
    }


def shown_command() -> str:
    """The command without what is of this machine only: paths."""
    shown = sys.argv[1:]
    for option in ("--announce", "--postfix", "--work", "--results", "--write"):
        if option in shown:
            place = shown.index(option)
            del shown[place : place + 2]
    return " ".join(["python benchmarks/run.py", *shown])


def write(page: Path, figures: dict[str, Any]) -> None:
    """The tables into the page and its Chinese sister, and the picture beside them."""
    for path, language in ((page, "en"), (page.with_suffix(".zh.md"), "zh")):
        if path.exists() or language == "en":
            for name in report.write_into(path, report.sections(figures, language)):
                tell(f"{path.name} has no place for {name}")
            if figures.get("clients"):
                picture = page.parent / "pictures" / f"performance.{language}.svg"
                picture.write_text(picture_of(figures, language), encoding="utf-8")


def picture_of(figures: dict[str, Any], language: str) -> str:
    """The clients as bars."""
    title, note = {
        "en": ("Messages a second", "About 10 KB each, two languages, to this machine: {}"),
        "zh": ("每秒封数", "每封约 10 KB，双语，发往本机；{}"),
    }[language]
    about = {"en": "median, and the line from lowest to highest", "zh": "中位数，细线为最低至最高"}
    rows = [
        plot.Bar(
            label=report.word(row["title"], language),
            value=row["rate"],
            lowest=row["lowest"],
            highest=row["highest"],
            ours=row["name"].startswith("announce"),
        )
        for row in figures["clients"]
    ]
    return plot.bars(title, note.format(about[language]), rows)


def tell(text: str) -> None:
    """A line beside the result."""
    print(f"… {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if shutil.which("node") is None:
        tell("no Node here: nodemailer is left out")
    sys.exit(main())
