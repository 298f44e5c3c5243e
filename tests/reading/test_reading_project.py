"""announce.yaml: found, read, and every fault of it at its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from reading_support import SETTINGS, Folder, told

from announce.errors import InputError
from announce.problems import Problem, Severity
from announce.reading.project import find_project, is_loopback

SMTP = (
    SETTINGS + "email:\n  smtp: {host: smtp.example.org, user: u, password: {env: SMTP_PASSWORD}}\n"
)


def test_project_is_found_above(folder: Folder) -> None:
    """The nearest folder with an announce.yaml, from a folder or a file in it."""
    file = folder.write("a/b/c.txt", "x")
    assert find_project(file) == folder.root
    assert find_project(folder.root) == folder.root


def test_no_project_tells_of_init(tmp_path: Path) -> None:
    """Where there is none, the mend is named."""
    with pytest.raises(InputError) as caught:
        find_project(tmp_path)
    assert "announce init" in caught.value.hint


def test_settings_are_read(folder: Folder) -> None:
    """Settings without fault become the project."""
    project, problems = folder.settings(SMTP)
    assert problems == []
    assert project is not None
    assert (project.root, project.languages) == (folder.root, ("zh", "en"))
    assert project.settings.email.smtp is not None
    assert project.settings.email.smtp.host == "smtp.example.org"


def test_missing_settings_are_a_problem(tmp_path: Path) -> None:
    """A folder without announce.yaml has a problem, not an exception."""
    folder = Folder(tmp_path)
    folder.write("x", "")
    from announce.reading.project import read_project

    project, problems = read_project(tmp_path)
    assert (project, [p.code for p in problems]) == (None, ["file-missing"])


def one(folder: Folder, settings: str) -> Problem:
    project, problems = folder.settings(settings)
    assert project is None
    assert len(problems) == 1, problems
    return problems[0]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SETTINGS + "emial: {}\n", "unknown-key 3:1"),
        (SETTINGS + "path: x\n", "unknown-key 3:1"),
        (SETTINGS + "timezone: Asia/Shangai\n", "timezone 3:11"),
        (SETTINGS + "timezone: ''\n", "empty-value 3:11"),
        (SETTINGS + "languages: [zh, fr]\n", "language-unknown 3:17"),
        (SETTINGS + "languages: [zh, zh]\n", "language-repeated 3:17"),
        (SETTINGS + "languages: []\n", "range 3:1"),
        (SETTINGS + "languages: zh\n", "type 3:12"),
        (SETTINGS + "email:\n", "empty-value 3:1"),
        (SETTINGS + "email: {connections: many}\n", "type 3:22"),
        (SETTINGS + "email: {connections: 0}\n", "range 3:22"),
        (SETTINGS + "email: {connections: true}\n", "type 3:22"),
        (SETTINGS + "email: {retry: {throttle_pause: 60}}\n", "value 3:33"),
        (SETTINGS + "ledger: postgresql://example.org/x\n", "ledger 3:9"),
        (SETTINGS + "ledger: sqlite:///../x.sqlite3\n", "ledger 3:9"),
        (SETTINGS + "ledger: sqlite:////elsewhere/x.sqlite3\n", "ledger 3:9"),
        (SETTINGS + "wechat: {api_base: http://relay.example.org}\n", "insecure 3:20"),
        (SETTINGS + "wechat: {api_base: relay.example.org}\n", "url 3:20"),
        (SETTINGS + "wechat: {app_id: wx1}\n", "value 3:1"),
        (SETTINGS.replace("chairs@", "chairs"), "address 2:50"),
        (SETTINGS.replace("chairs@example.org", "Chairs <chairs@example.org>"), "address 2:50"),
        (SETTINGS.replace("en: Workshop", "fr: W"), "language-missing 1:1"),
        (SETTINGS.replace("{zh: 研讨会, en: Workshop}", "12"), "type 1:7"),
        (SETTINGS.replace("Workshop", '"Work\\nshop"'), "control-character 1:21"),
        (SETTINGS.replace("Chairs", '"Chairs\\r\\nBcc: x@example.org"'), "control-character 2:32"),
        (SMTP.replace("user: u, ", ""), "value 4:3"),
        (SMTP.replace("smtp.example.org", "https://smtp.example.org"), "host 4:16"),
        (SMTP.replace("host: ", "security: none, host: "), "insecure 4:20"),
        (SMTP.replace("host: ", "ca: certs/ca.pem, host: "), "file-missing 4:14"),
        (SMTP.replace("host: ", "port: 70000, host: "), "range 4:16"),
    ],
)
def test_fault_of_settings_is_told_at_its_place(
    folder: Folder, settings: str, expected: str
) -> None:
    """Each wrong setting is told where it stands, with a mend."""
    project, problems = folder.settings(settings)
    assert project is None
    assert expected in told(problems)
    assert all(problem.hint or problem.code == "value" for problem in problems)


def test_misspelt_key_names_the_right_one(folder: Folder) -> None:
    """An unknown key comes with the nearest known."""
    problem = one(folder, SETTINGS + "emial: {}\n")
    assert problem.message == 'unknown key "emial"'
    assert problem.hint == 'did you mean "email"?'


def test_missing_key_stands_at_its_parent(folder: Folder) -> None:
    """What is missing is told where it belongs, and what it is for."""
    problem = one(folder, "name: x\nsender:\n  name: z\n")
    assert told([problem]) == ["missing-key 2:1"]
    assert problem.message == '"address" is missing in sender'
    assert problem.hint == "add a line `address: …`. The From address."


def test_all_faults_are_told_at_once(folder: Folder) -> None:
    """The first fault does not hide the others."""
    _project, problems = folder.settings("name: NO\nsendr: x\nlanguages: [fr]\nledger: x\n")
    assert [p.code for p in problems] == [
        "missing-key",
        "yaml-ambiguous",
        "unknown-key",
        "language-unknown",
        "ledger",
    ]


@pytest.mark.parametrize(
    "password",
    [
        "hunter2",
        '"hunter2"',
        "{env: hunter2}",
        "{value: hunter2}",
        "[hunter2]",
        "{env: {x: hunter2}}",
        "{env: HUNTER-hunter2}",
        "{keyring: hunter2, user: x, env: hunter2}",
    ],
)
def test_literal_secret_is_a_fault_that_never_repeats_it(folder: Folder, password: str) -> None:
    """A password in the file is told without quoting it."""
    project, problems = folder.settings(SMTP.replace("{env: SMTP_PASSWORD}", password))
    assert project is None
    assert all("hunter2" not in str(problem) for problem in problems)
    codes = {problem.code for problem in problems}
    assert codes == ({"literal-secret", "value"} if "keyring" in password else {"literal-secret"})


@pytest.mark.parametrize(
    "line",
    [
        "password：hunter2",
        "password: *hunter2",
        "password: !hunter2 x",
        "password: 2025-13-2025",
        "password: 002025",
        "- password：hunter2",
        "password： hunter2\n   user: u",
    ],
)
def test_broken_line_with_a_secret_never_repeats_it(folder: Folder, line: str) -> None:
    """Nor does a complaint about the way it is written."""
    project, problems = folder.settings(f"{SETTINGS}email:\n  smtp:\n   host: h\n   {line}\n")
    assert project is None
    assert not [p for p in problems if "hunter2" in str(p) or "2025" in str(p)]


def test_password_within_an_address_is_never_repeated(folder: Folder) -> None:
    """Nor is one in a database address."""
    problem = one(folder, SETTINGS + "ledger: postgresql://u:hunter2@example.org/x\n")
    assert problem.code == "literal-secret"
    assert "hunter2" not in str(problem)


def test_unusual_port_is_a_doubt(folder: Folder) -> None:
    """A port that goes with another security is told and accepted."""
    project, problems = folder.settings(SMTP.replace("host: ", "port: 465, host: "))
    assert project is not None
    assert [(p.code, p.severity) for p in problems] == [("port-security", Severity.WARNING)]


def test_security_none_is_for_this_machine(folder: Folder) -> None:
    """To loopback, no encryption is needed."""
    project, problems = folder.settings(
        SMTP.replace("smtp.example.org", "127.0.0.1, security: none")
    )
    assert problems == []
    assert project is not None
    assert [
        is_loopback(h) for h in ("localhost", "::1", "127.9.9.9", "10.0.0.1", "a.example.org")
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_reading_projects_imports_nothing_heavy() -> None:
    """Commands start quickly: no mail, address, database or template library is loaded."""
    heavy = ("email_validator", "dns", "jinja2", "sqlalchemy", "requests", "babel", "keyring")
    code = (
        "import sys, announce.reading.project, announce.reading.campaigns;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_validating_addresses_imports_no_dns() -> None:
    """email-validator is there, its DNS parts are not."""
    code = (
        "import sys; from announce.reading.addresses import read_address;"
        "print(read_address('a@例子.中国')[0].spec, 'dns' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "a@xn--fsqu00a.xn--fiqs8s False"
