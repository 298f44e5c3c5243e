"""`announce bench`: measures here, touches nothing, and lets nothing leave unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

STAGES = {"start", "read", "plan", "compose", "ledger", "wire", "other"}


def test_measures_on_this_machine(announce, tmp_path) -> None:
    """Figures of a send that reached everybody, with the time by stage; JSON alone on stdout."""
    ended = announce("bench", "--messages", "20", "--connections", "2", "--json", cwd=tmp_path)

    assert ended.code == 0, ended.err
    figures = ended.json
    assert (figures["messages"], figures["connections"], figures["server"]) == (20, 2, None)
    assert set(figures["stages"]) == STAGES
    assert min(figures["per_second"], figures["cpu_seconds_per_1000"], figures["peak_mb"]) > 0
    assert figures["stages"]["compose"] > 0


def test_touches_no_project_and_no_state(announce, project, tmp_path) -> None:
    """Neither the project it is called in nor the user's state folder knows of it."""
    before = contents(project)

    ended = announce("bench", "--messages", "3", cwd=project)

    assert ended.code == 0, ended.err
    assert "3 messages in" in ended.out
    assert contents(project) == before
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        ([], 2, "a domain of your own"),
        (["--domain", "gmail.com"], 2, "a domain of your own"),
        (["--domain", "load.example.org"], 3, "--yes-this-is-a-sandbox"),
    ],
)
def test_another_server_wants_a_domain_and_a_yes(announce, servers, tmp_path, more, code, told):
    """Without both nothing is sent, on loopback either: a server there may pass mails on."""
    mail, _ = servers

    ended = announce("bench", "--server", f"127.0.0.1:{mail.port}", *more, cwd=tmp_path)

    assert ended.code == code
    assert told in ended.err
    assert mail.store.mails() == []


def test_provider_is_no_sandbox(announce, tmp_path) -> None:
    """A mailbox provider is refused whatever was said of it."""
    asked = ["--server", "smtp.qq.com:465", "--domain", "load.example.org"]

    ended = announce("bench", *asked, "--yes-this-is-a-sandbox", cwd=tmp_path)

    assert ended.code == 3
    assert "smtp.qq.com" in ended.err


def test_server_without_a_port_is_a_typo(announce, tmp_path) -> None:
    """HOST alone is not enough to know where mails would go."""
    assert announce("bench", "--server", "mail.example.org", cwd=tmp_path).code == 2


def test_own_sandbox_gets_only_made_up_addresses(announce, servers, tmp_path) -> None:
    """With a yes, mails go there, each to one made-up address under the domain that was named."""
    mail, _ = servers
    asked = ["--server", f"127.0.0.1:{mail.port}", "--domain", "load.example.org"]

    ended = announce(
        "bench", *asked, "--security", "none", "--yes-this-is-a-sandbox", "--messages", "5",
        cwd=tmp_path,
    )  # fmt: skip

    people = [one.to for one in mail.store.mails()]
    assert ended.code == 0, ended.err
    assert sorted(people) == [(f"author{n:06d}@load.example.org",) for n in range(1, 6)]


def test_failed_send_gives_no_figures(announce, tmp_path) -> None:
    """A server that is not there: exit 4 with its reason, and no rate."""
    asked = ["--server", "127.0.0.1:1", "--domain", "load.example.org", "--security", "none"]

    ended = announce("bench", *asked, "--yes-this-is-a-sandbox", "--messages", "2", cwd=tmp_path)

    assert (ended.code, ended.out) == (4, "")
    assert "127.0.0.1:1" in ended.err


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
