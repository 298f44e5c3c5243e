"""`announce bench`: how fast this machine sends, and where the time goes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from announce.channels.email.account import limits_for
from announce.cli.screen import Screen
from announce.errors import GateError, InputError, MachineError
from announce.measuring.campaign import write_project
from announce.measuring.sending import Figures, send
from announce.reading.providers import PROVIDERS
from announce.sandbox.counting import CountingSink
from announce.texts import say, say_n

EVERYTHING = 10_000_000  # a limit that is none: the server was said to be a sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the messages go, and under which domain their addresses are."""

    address: str
    domain: str = "example.org"
    security: str = "none"


@click.command(
    "bench",
    help=say(
        "Measure how fast this machine sends: a made-up bilingual letter of about 10 KB to made-up "
        "people, from the start of the command to its end, with the ledger on disk. It goes to a "
        "mail server of its own on this machine that counts and drops; nothing leaves, and no "
        "project is read or touched."
    ),
)
@click.option(
    "--messages",
    type=click.IntRange(1, 1_000_000),
    default=5000,
    show_default=True,
    help=say("How many messages."),
)
@click.option(
    "--connections",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help=say("Connections at once."),
)
@click.option(
    "--processes",
    type=click.IntRange(1, 2),
    help=say("Processes that compose side by side; default: as `send` chooses."),
)
@click.option(
    "--server",
    metavar="HOST:PORT",
    help=say(
        "Another server instead: a sandbox of yours that delivers nothing. Needs --domain and "
        "--yes-this-is-a-sandbox."
    ),
)
@click.option(
    "--domain",
    help=say("The domain of yours under which all addresses are made up, for --server."),
)
@click.option(
    "--security",
    type=click.Choice(["tls", "starttls", "none"]),
    default="starttls",
    show_default=True,
    help=say("How to connect to --server; none only to this machine."),
)
@click.option(
    "--yes-this-is-a-sandbox",
    "sandbox",
    is_flag=True,
    help=say("You know that --server passes no mail on."),
)
@click.pass_obj
def command(
    screen: Screen,
    messages: int,
    connections: int,
    processes: int | None,
    server: str | None,
    domain: str | None,
    security: str,
    sandbox: bool,
) -> int:
    """Measure a send."""
    account: dict[str, object] = {"connections": connections}
    if processes is not None:
        account["processes"] = processes
    if server is None:
        with _sink(messages) as here:
            screen.note(say("Measuring on this machine; nothing leaves it."))
            figures = _measure(here, messages, account)
    else:
        there = _allowed(server, domain, security, sandbox=sandbox)
        account["limits"] = {"per_minute": EVERYTHING, "per_day": EVERYTHING}
        screen.note(
            say(
                "Measuring with {server}: mails to made-up addresses under {domain}.",
                server=server,
                domain=there.domain,
            )
        )
        figures = _measure(there, messages, account)
    _show(screen, figures, connections)
    if screen.as_json:
        screen.document({**_document(figures), "connections": connections, "server": server})
    return 0


def _allowed(server: str, domain: str | None, security: str, *, sandbox: bool) -> Server:
    """The server that was named, where everything was said that must be. InputError, GateError."""
    host, colon, port = server.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise InputError(
            say('"{server}" is not HOST:PORT', server=server),
            hint=say("such as mail-test.example.org:2525"),
        )
    if domain is None or "@" in domain or domain.lower() in PROVIDERS:
        raise InputError(
            say("the measured mails need a domain of your own for their addresses"),
            hint=say("add --domain with a domain of your own, whose mail may be lost"),
        )
    if provider := limits_for(host.strip("[]")).provider:
        raise GateError(
            say("{host} is {provider}, and no sandbox", host=host, provider=provider),
            hint=say("measure with a server that delivers nothing"),
        )
    if not sandbox:
        raise GateError(
            say("{server} may pass mails on; nothing was sent", server=server),
            hint=say("if it is a sandbox that delivers nothing, add --yes-this-is-a-sandbox"),
        )
    return Server(address=server, domain=domain, security=security)


@contextmanager
def _sink(messages: int) -> Iterator[Server]:
    """A server on this machine. MachineError where it has not got every message once."""
    with CountingSink() as sink:
        yield Server(address=f"127.0.0.1:{sink.port}")
        counted = sink.counted().mails
        if counted != messages:
            raise MachineError(
                say("{n} messages were sent and {counted} arrived", n=messages, counted=counted),
                hint=say("do not trust this version with real mails; please report it"),
            )


def _measure(server: Server, messages: int, account: dict[str, object]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="announce-bench-") as folder:
        project = write_project(
            Path(folder) / "project",
            messages,
            server=server.address,
            domain=server.domain,
            security=server.security,
            email=account,
        )
        return send(project, Path(folder) / "state", messages)


def _show(screen: Screen, figures: Figures, connections: int) -> None:
    screen.line(
        say_n(
            "{n} message in {seconds} s over {connections} connections: {rate} a second.",
            "{n} messages in {seconds} s over {connections} connections: {rate} a second.",
            figures.messages,
            seconds=f"{figures.seconds:.2f}",
            connections=connections,
            rate=f"{figures.per_second:,.0f}",
        )
    )
    screen.line(
        say(
            "CPU: {cpu} s for 1,000. Memory of the largest process: {peak} MB.",
            cpu=f"{_cpu(figures):.2f}",
            peak=f"{figures.peak / 1e6:.0f}",
        )
    )
    screen.table(
        [say("where the time went"), "s", "%", say("µs a message")],
        [
            [
                _stage(name),
                f"{seconds:.2f}",
                f"{100 * seconds / figures.seconds:.0f}",
                f"{1e6 * seconds / figures.messages:.0f}",
            ]
            for name, seconds in figures.stages.items()
        ],
    )
    screen.note(say("A real server is slower, and an account's limits make it slower still."))


def _stage(name: str) -> str:
    return {
        "start": say("starting the program"),
        "read": say("reading files and audience"),
        "plan": say("planning and checking"),
        "compose": say("composing, twice"),
        "ledger": say("writing the ledger"),
        "wire": say("talking to the server, and waiting for it"),
        "other": say("the rest: driving the run, reporting"),
    }[name]


def _cpu(figures: Figures) -> float:
    return 1000 * figures.cpu / figures.messages


def _document(figures: Figures) -> dict[str, Any]:
    return {
        "messages": figures.messages,
        "seconds": round(figures.seconds, 3),
        "per_second": round(figures.per_second, 1),
        "cpu_seconds_per_1000": round(_cpu(figures), 3),
        "peak_mb": round(figures.peak / 1e6, 1),
        "stages": dict(figures.stages),
    }
