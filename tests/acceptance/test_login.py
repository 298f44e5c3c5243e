"""`announce login`: every way to log in, tested with the server, and nothing secret told."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pty
import re
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from identity import Provider, Reply, error, providing
from keyrings import Memory, use
from scripted import FEATURES, Fault, Heard, Script, serving

USER = "chairs@scifm.example.org"
PASSWORD = "s3cret-Pa55"
CHALLENGE = base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()
TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keyring and no browser of the machine's, no proxy between loopback and itself."""
    use()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Server:
    """A mail server, and what it hears; `answers` can be set until it is called."""

    port: int
    heard: Heard
    script: Script

    def answer(self, answers: Mapping[str, list[str | Fault]]) -> None:
        """What it says from now on."""
        self.script.answers = answers

    @property
    def said(self) -> str:
        """Every word that it heard."""
        return "\n".join(line for session in self.heard.sessions for line in session)


@pytest.fixture
def server() -> Iterator[Server]:
    """A mail server that takes every login."""
    script = Script(features=(*FEATURES, "AUTH PLAIN XOAUTH2"))
    with serving(script) as (port, heard):
        yield Server(port, heard, script)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An OAuth2 provider that lets everybody in."""
    with providing(Provider()) as one:
        yield one


@pytest.fixture
def account(project: Path, server: Server) -> Callable[[str], Path]:
    """Writes how the project's account logs in."""

    def write(login: str) -> Path:
        path = project / "announce.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            f"{text}email:\n  smtp: {{host: 127.0.0.1, port: {server.port}, security: none, "
            f"user: {USER}, {login}}}\n",
            encoding="utf-8",
        )
        return project

    return write


@pytest.fixture
def by_token(account, provider: Provider) -> Path:
    """The project with a login by OAuth2."""
    return account(f"oauth2: {provider.settings()}")


class Terminal:
    """A pseudo-terminal in the place of standard input and standard error, and a person who
    opens the login page that is shown there."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.input = os.fdopen(os.dup(slave), encoding="utf-8")
        self.error = os.fdopen(slave, "w", buffering=1, encoding="utf-8")
        self.shown = ""
        self._opened = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> str:
        """End it; all that was shown."""
        self.input.close()
        self.error.close()
        self._reader.join()
        os.close(self._master)
        return self.shown.replace("\r\n", "\n")

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while words := os.read(self._master, 4096):
                self.shown += words.decode()
                page = re.search(r"(http://127\.0\.0\.1:\d+/authorize\S+)\s", self.shown)
                if page and not self._opened:
                    self._opened = True
                    with urllib.request.urlopen(page[1]) as answer:
                        answer.read()


@pytest.fixture
def on_terminal(announce, monkeypatch: pytest.MonkeyPatch):
    """Runs a command on a terminal: how it ended, and all that was shown."""

    def call(*arguments: str, cwd: Path):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", terminal.input)
            patch.setattr(sys, "stderr", terminal.error)
            try:
                ended = announce(*arguments, cwd=cwd)
            finally:
                shown = terminal.close()
        return ended, shown

    return call


def kept(state: Path) -> list[Path]:
    """The files in which logins are kept."""
    return sorted(state.glob("logins/*.json"))


def test_project_without_an_account_has_no_login(announce, project) -> None:
    """Exit 2: there is nothing to log in to."""
    ended = announce("login", cwd=project)

    assert ended.code == 2
    assert "no e-mail account is set up: mails go to the sandbox" in ended.err


@pytest.mark.parametrize("arguments", [("--device", "--test"), ("--forget", "--test")])
def test_options_that_exclude_each_other(announce, project, arguments) -> None:
    """Exit 2."""
    ended = announce("login", *arguments, cwd=project)

    assert ended.code == 2
    assert "exclude each other" in ended.err


def test_password_is_tested_and_nothing_is_sent(announce, account, server, monkeypatch) -> None:
    """Hello, login, goodbye."""
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    ended = announce("login", cwd=account("password: {env: SMTP_PASSWORD}"))

    assert ended.code == 0, ended.err
    assert ended.out == (
        f"Account: {USER} at 127.0.0.1:{server.port}\n"
        f"127.0.0.1 takes the login of {USER}. Nothing was sent.\n"
    )
    assert server.heard.verbs == [["EHLO", "AUTH", "QUIT"]]


def test_login_in_json(announce, account, server, monkeypatch) -> None:
    """One document: the account, the method, where it is kept, and that it works."""
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    ended = announce("--json", "login", cwd=account("password: {env: SMTP_PASSWORD}"))

    assert ended.json == {
        "channel": "email", "host": "127.0.0.1", "port": server.port, "user": USER,
        "provider": "", "method": "password", "kept": "environment", "works": True,
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [("login",), ("login", "--test")])
def test_missing_password_is_never_asked_for_without_a_terminal(
    announce, account, server, arguments
) -> None:
    """Exit 4, naming the variable; no server is called."""
    ended = announce(*arguments, cwd=account("password: {env: SMTP_PASSWORD}"))

    assert ended.code == 4
    assert "SMTP_PASSWORD is not set" in ended.err
    assert server.heard.sessions == []


def test_refused_password_ends_with_its_mend(announce, account, server, monkeypatch) -> None:
    """Exit 4, the server's words, and never the password."""
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    server.answer({"AUTH": [f"535 5.7.8 {PASSWORD} not accepted"]})
    ended = announce("--json", "login", "--test", cwd=account("password: {env: SMTP_PASSWORD}"))

    assert ended.code == 4
    assert ended.json["error"]["exit_code"] == 4
    assert ended.json["error"]["hint"]
    assert "535 5.7.8 *** not accepted" in ended.err
    assert PASSWORD not in ended.out + ended.err


def test_password_in_the_keyring_is_found_tested_and_forgotten(announce, account) -> None:
    """Kept there by another program, or by `login` before."""
    memory = Memory()
    use(memory)
    memory.entries["announce", USER] = PASSWORD
    project = account(f"password: {{keyring: announce, user: {USER}}}")
    tested = announce("--json", "login", "--test", cwd=project)
    gone = announce("--json", "login", "--forget", cwd=project)
    again = announce("login", "--forget", cwd=project)

    assert (tested.code, tested.json["kept"]) == (0, "keyring")
    assert (gone.code, gone.json["forgotten"]) == (0, ["keyring"])
    assert (again.code, again.out) == (0, "No login is kept here.\n")
    assert memory.entries == {}


def test_browser_logs_in_once_for_all(on_terminal, announce, by_token, provider, server) -> None:
    """The page is shown, the login tested and kept; the next runs need nobody."""
    ended, shown = on_terminal("--json", "login", cwd=by_token)
    later = announce("--json", "login", cwd=by_token)

    state = Path(os.environ["ANNOUNCE_STATE"])
    assert ended.code == 0, shown
    assert ended.json == {
        "channel": "email", "host": "127.0.0.1", "port": server.port, "user": USER,
        "provider": "", "method": "oauth2", "kept": "file", "works": True,
    }  # fmt: skip
    assert f"Open this page on this machine, and log in as {USER}:" in shown
    assert f"The login is kept in {kept(state)[0]} (yours alone)." in shown
    assert stat.S_IMODE(kept(state)[0].stat().st_mode) == 0o600
    assert (later.code, later.json["kept"]) == (0, "file")
    assert server.heard.verbs == [["EHLO", "AUTH", "QUIT"]] * 2
    secrets = [provider.access(1), provider.access(2), provider.refresh, "code-of-the-tests"]
    told = shown + ended.out + later.out + later.err
    assert [secret for secret in secrets if secret in told] == []


def test_login_that_works_is_not_made_again(on_terminal, by_token, provider) -> None:
    """On a terminal too: it says so, and shows no page."""
    on_terminal("login", cwd=by_token)
    ended, shown = on_terminal("login", cwd=by_token)

    assert ended.code == 0
    assert "Open this page" not in shown
    assert len(provider.forms("/authorize")) == 1


def test_keyring_is_taken_where_there_is_one(on_terminal, announce, by_token) -> None:
    """And no file is written; `--forget` leaves nothing."""
    memory = Memory()
    use(memory)
    ended, shown = on_terminal("--json", "login", cwd=by_token)
    entries = len(memory.entries)
    forgotten = announce("--json", "login", "--forget", cwd=by_token)

    assert (ended.json["kept"], entries) == ("keyring", 1)
    assert "The login is kept in the keyring." in shown
    assert kept(Path(os.environ["ANNOUNCE_STATE"])) == []
    assert forgotten.json["forgotten"] == ["keyring"]
    assert memory.entries == {}


def test_forgotten_login_is_gone(on_terminal, announce, by_token) -> None:
    """The file is removed; what is left to do at the provider is told."""
    on_terminal("login", cwd=by_token)
    forgotten = announce("login", "--forget", cwd=by_token)
    later = announce("login", cwd=by_token)

    assert forgotten.code == 0
    assert forgotten.out == (
        f"The login of {USER} is forgotten.\n"
        "The provider still trusts the app: end its access in the account there.\n"
    )
    assert kept(Path(os.environ["ANNOUNCE_STATE"])) == []
    assert later.code == 4


@pytest.mark.parametrize("arguments", [("login",), ("login", "--device"), ("login", "--test")])
def test_login_is_not_begun_without_a_terminal(announce, by_token, provider, arguments) -> None:
    """Exit 4 with the command; nothing is asked of anybody, nobody is waited for."""
    ended = announce(*arguments, cwd=by_token)

    assert ended.code == 4
    assert "terminal" in ended.err
    assert provider.heard == []


def test_send_without_a_login_sends_nothing(announce, by_token, server) -> None:
    """An account whose login is missing: exit 4, never the sandbox."""
    ended = announce("send", "--yes", "--channel", "email", "campaigns/cfp.yaml", cwd=by_token)

    assert ended.code == 4
    assert f"no login of {USER} at 127.0.0.1 is kept on this machine" in ended.err
    assert server.heard.sessions == []


def test_send_logs_in_with_the_kept_login(on_terminal, announce, by_token, server) -> None:
    """With an access token of its own; nothing secret is in the ledger or the receipts."""
    on_terminal("login", cwd=by_token)
    ended = announce(
        "send", "--yes", "--channel", "email", "--limit", "1", "campaigns/cfp.yaml", cwd=by_token
    )

    assert ended.code == 0, ended.err
    assert len(server.heard.mails) == 1
    assert "AUTH XOAUTH2" in server.said
    private = [path for path in by_token.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in private)
    assert [word for word in (b"ya29.access", b"refresh-1", b"code-of") if word in written] == []


def test_person_who_says_no_is_told_so(on_terminal, by_token, provider, server) -> None:
    """Exit 4; nothing is kept and no server is called."""
    provider.denies = "access_denied"
    ended, shown = on_terminal("login", cwd=by_token)

    assert ended.code == 4
    assert f"the login of {USER} was not allowed: access_denied" in shown
    assert kept(Path(os.environ["ANNOUNCE_STATE"])) == []
    assert server.heard.sessions == []


@pytest.mark.parametrize(
    "answers",
    [
        {"AUTH": ["535 5.7.8 Username and Password not accepted"]},
        {"AUTH": [f"334 {CHALLENGE}"], "": ["535 5.7.8 Username and Password not accepted"]},
    ],
)
def test_login_that_the_mail_server_refuses_is_not_kept(
    on_terminal, by_token, server, answers
) -> None:
    """Somebody logged in with another account: exit 4 with the server's words, nothing kept."""
    server.answer(answers)
    ended, shown = on_terminal("login", cwd=by_token)

    assert ended.code == 4
    assert f"refused the login of {USER}: 535 5.7.8 Username and Password not accepted" in shown
    assert f"log in again as {USER}" in shown
    assert kept(Path(os.environ["ANNOUNCE_STATE"])) == []
    assert server.heard.mails == []


def test_login_without_a_lasting_token_is_not_kept(on_terminal, by_token, provider) -> None:
    """A provider that gives an hour only: which setting to look at."""
    provider.lasting = False
    ended, shown = on_terminal("login", cwd=by_token)

    assert ended.code == 4
    assert "gave a login for an hour only" in shown
    assert "scopes" in shown


def test_code_is_typed_in_on_another_machine(on_terminal, by_token, provider) -> None:
    """Page and code are shown; it waits while the answer is pending."""
    provider.scripted["/token"] = [error("authorization_pending")] * 2
    ended, shown = on_terminal("--json", "login", "--device", cwd=by_token)

    assert ended.code == 0, shown
    assert f"On any machine, open {provider.base}/verify" in shown
    assert f"type in the code WDJB-MJHT, and log in as {USER}." in shown
    assert "the code is good for 15 minutes" in shown
    assert (ended.json["method"], ended.json["kept"]) == ("oauth2", "file")
    assert "device-code-of-the-tests" not in shown + ended.out


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (error("access_denied"), "was not allowed: access_denied"),
        (error("expired_token"), "nobody logged in before the code expired"),
        (error("invalid_client", "no such app"), "refuses this client"),
    ],
)
def test_code_that_leads_nowhere_ends_with_its_mend(
    on_terminal, by_token, provider, answer, told
) -> None:
    """Denied, expired, or a wrong client: exit 4, and nothing is kept."""
    provider.scripted["/token"] = [error("authorization_pending"), answer]
    ended, shown = on_terminal("login", "--device", cwd=by_token)

    assert ended.code == 4
    assert told in shown
    assert kept(Path(os.environ["ANNOUNCE_STATE"])) == []


def test_code_is_for_logins_by_oauth2_only(announce, account) -> None:
    """Exit 2: the option does not fit the settings."""
    ended = announce("login", "--device", cwd=account("password: {env: SMTP_PASSWORD}"))

    assert ended.code == 2
    assert "--device is for a login by OAuth2" in ended.err


def test_code_is_not_for_every_provider(announce, project) -> None:
    """Gmail gives none for mail: exit 2, with what else there is; nobody is called."""
    path = project / "announce.yaml"
    smtp = "{host: smtp.gmail.com, user: li@gmail.com, oauth2: {client_id: x}}"
    path.write_text(f"{path.read_text(encoding='utf-8')}email:\n  smtp: {smtp}\n", "utf-8")
    ended = announce("login", "--device", cwd=project)

    assert ended.code == 2
    assert "this provider has no login without a browser for mail" in ended.err
    assert "app password" in ended.err


def test_old_access_tokens_are_renewed(on_terminal, announce, by_token, provider, server) -> None:
    """One that lives less than a minute serves once; the refresh token serves on."""
    provider.lifetime = 30
    on_terminal("login", cwd=by_token)
    ended = [announce("login", "--test", cwd=by_token).code for _ in range(2)]

    kinds = [form["grant_type"] for form in provider.forms("/token")]
    assert ended == [0, 0]
    assert kinds == ["authorization_code", "refresh_token", "refresh_token"]
    assert len(server.heard.sessions) == 3


def test_rotated_login_goes_on_working(on_terminal, announce, by_token, provider) -> None:
    """A provider that gives a new refresh token each time and takes each once."""
    provider.rotates = True
    on_terminal("login", cwd=by_token)

    assert [announce("login", "--test", cwd=by_token).code for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (error("invalid_grant", "Token has been expired or revoked."), "log in again"),
        (Reply("busy", 503), "gives no tokens at the moment (HTTP 503)"),
        (Reply(dropped=True), "no connection to 127.0.0.1"),
        (Reply("<html>Welcome to the hotel</html>"), "gave no OAuth2 answer (HTTP 200)"),
        (Reply("\x00\x01", 418), "gave no OAuth2 answer (HTTP 418)"),
    ],
)
def test_login_that_cannot_be_renewed_says_why(
    on_terminal, announce, by_token, provider, server, answer, told
) -> None:
    """Ended, or the endpoint is away or no endpoint: exit 4, no mail server is called."""
    on_terminal("login", cwd=by_token)
    called = len(server.heard.sessions)
    provider.scripted["/token"] = [answer]
    ended = announce("login", "--test", cwd=by_token)

    assert ended.code == 4
    assert told in ended.err
    assert provider.refresh not in ended.out + ended.err
    assert len(server.heard.sessions) == called


def test_ended_login_is_made_anew_on_a_terminal(on_terminal, by_token, provider) -> None:
    """It says what the provider said, and begins again."""
    on_terminal("login", cwd=by_token)
    provider.scripted["/token"] = [error("invalid_grant", "revoked")]
    ended, shown = on_terminal("login", cwd=by_token)

    assert ended.code == 0, shown
    assert "invalid_grant: revoked" in shown
    assert len(provider.forms("/authorize")) == 2


def test_endpoint_in_the_clear_is_a_fault_of_the_settings(announce, account, provider) -> None:
    """http:// abroad: exit 2 before anything is asked."""
    login = provider.settings(token_url="http://id.example.org/token")
    ended = announce("login", cwd=account(f"oauth2: {login}"))

    assert ended.code == 2
    assert "[insecure]" in ended.err


def test_login_that_others_can_read_is_not_used(on_terminal, announce, by_token, provider) -> None:
    """Exit 4, with what to do about it."""
    on_terminal("login", cwd=by_token)
    file = kept(Path(os.environ["ANNOUNCE_STATE"]))[0]
    file.chmod(0o644)
    asked = len(provider.heard)
    ended = announce("login", "--test", cwd=by_token)

    assert ended.code == 4
    assert f"others can read the kept login {file}" in ended.err
    assert len(provider.heard) == asked


def typed(project: Path, password: str, **environment: str) -> tuple[int, str, str]:
    """`announce --json login` in a process with a terminal of its own, where this is typed: exit
    code, standard output, and what the terminal showed."""
    master, slave = pty.openpty()
    # The terminal becomes the process's own by being opened: passwords are asked for there.
    program = (
        "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR));"
        "from announce.__main__ import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--json", "--ui", "en", "login"],
        cwd=project,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(TESTS / "email")])}
        | environment,
    )
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):
        while words := os.read(master, 4096):
            if b"(it is not shown)" in words:  # by then the terminal shows nothing any more
                os.write(master, f"{password}\n".encode())
            shown += words
    out = process.communicate()[0]
    os.close(master)
    return process.returncode, out.decode(), shown.decode().replace("\r\n", "\n")


def test_typed_password_is_tested_and_kept_in_the_keyring(account, server, tmp_path) -> None:
    """Asked for without echo, taken by the server, kept; and it is shown nowhere."""
    project = account(f"password: {{keyring: announce, user: {USER}}}")
    file = tmp_path / "keyring.json"
    code, out, shown = typed(
        project, PASSWORD, PYTHON_KEYRING_BACKEND="keyrings.Plain", TEST_KEYRING=str(file)
    )

    assert code == 0, shown
    assert json.loads(out)["kept"] == "keyring"
    assert f"Password for {USER} (it is not shown):" in shown
    assert json.loads(file.read_text(encoding="utf-8")) == [["announce", USER, PASSWORD]]
    assert server.heard.verbs == [["EHLO", "AUTH", "QUIT"]]
    assert PASSWORD not in out + shown


def test_typed_password_that_is_refused_is_not_kept(account, server, tmp_path) -> None:
    """Exit 4; the next try asks again."""
    server.answer({"AUTH": ["535 5.7.8 no"]})
    project = account(f"password: {{keyring: announce, user: {USER}}}")
    file = tmp_path / "keyring.json"
    code, _, shown = typed(
        project, PASSWORD, PYTHON_KEYRING_BACKEND="keyrings.Plain", TEST_KEYRING=str(file)
    )

    assert code == 4
    assert "535 5.7.8 no" in shown
    assert not file.exists()
    assert PASSWORD not in shown


def test_typed_password_for_a_variable_is_tested_and_the_variable_told(account) -> None:
    """It cannot be kept: where to set it, and the other way."""
    code, out, shown = typed(account("password: {env: SMTP_PASSWORD}"), PASSWORD)

    assert code == 0, shown
    assert json.loads(out)["kept"] == "environment"
    assert "Set it where announce runs: export SMTP_PASSWORD=…" in shown
    assert f"write password: {{keyring: announce, user: {USER}}}" in shown
    assert PASSWORD not in out + shown


def test_browser_is_opened_where_there_is_a_screen(by_token, tmp_path) -> None:
    """The system's browser, told the address: nobody types or copies anything."""
    browser = tmp_path / "browser.py"
    browser.write_text(
        "import sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n",
        encoding="utf-8",
    )
    code, out, shown = typed(by_token, "", BROWSER=f"{sys.executable} {browser} %s")

    assert code == 0, shown
    assert json.loads(out)["method"] == "oauth2"
