"""`announce schedule install`: what is called by itself, tried first, and taken out again."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from schedule_support import FILE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="cron and systemd are of Unix")

ENTRY = "  - {before: deadlines.submission, by: [14d, 7d, 2d], at: 09:00}\n"
NOW = "2025-01-20 00:00 UTC"
OTHERS = "MAILTO=x@example.org\n0 4 * * * /usr/bin/backup\n"

# What `crontab` does, with a file of the test's.
CRONTAB = """#!/bin/sh
case "$1" in
-l) [ -e {file} ] && cat {file} || {{ echo "no crontab for x" >&2; exit 1; }};;
-r) rm -f {file};;
-) cat > {file};;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> {file}
exit {code}
"""


class Machine:
    """Programs in the place of cron's and systemd's, which write into files of the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        self.crontab, self.calls = folder / "crontab", folder / "calls"
        self.program("crontab", CRONTAB.format(file=self.crontab))
        self.systemctl(0)

    def program(self, name: str, text: str) -> None:
        """A program that is found before all others."""
        path = self.bin / name
        path.write_text(text, "utf-8")
        path.chmod(0o755)

    def systemctl(self, code: int) -> None:
        """What systemd answers."""
        self.program("systemctl", SYSTEMCTL.format(file=self.calls, code=code))

    @property
    def lines(self) -> list[str]:
        """The crontab's lines."""
        return self.crontab.read_text("utf-8").splitlines() if self.crontab.exists() else []

    def cron(self) -> subprocess.CompletedProcess[str]:
        """Run the one line of ours as cron would."""
        (line,) = [one for one in self.lines if "announce schedule run" in one and one[0] != "#"]
        command = line.split(" ", 5)[5].replace(r"\%", "%")
        return subprocess.run(
            ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with cron and systemd."""
    found = Machine(tmp_path / "machine")
    monkeypatch.setenv("PATH", f"{found.bin}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    # The bare environment must find this very package.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(one for one in sys.path if one))
    return found


def install(season, *more: str):
    """How it ended."""
    return season.call(NOW, "schedule", "install", *more)


def test_cron_calls_it_with_absolute_paths(season, machine) -> None:
    """Every few minutes; other lines stay as they are."""
    machine.crontab.write_text(OTHERS, "utf-8")
    season.write(ENTRY)
    ended = install(season, "--yes")
    assert ended.code == 0, ended.err
    assert machine.lines[:2] == OTHERS.splitlines()
    begin, line, end = machine.lines[2:]
    assert line.startswith(f"*/5 * * * * /bin/sh -c '. {season.root}/.announce/schedule.env && ")
    assert shlex.quote(sys.executable) in line
    assert (begin[:5], end[:5]) == ("# >>>", "# <<<")


def test_what_cron_calls_sends(season, machine) -> None:
    """From another folder, with hardly a variable, nobody present."""
    season.write("  - {at: 2025-02-01 09:00 UTC, id: past, if_late: send}\n")
    assert install(season, "--yes").code == 0
    for _ in range(2):
        ended = machine.cron()
        assert ended.returncode == 0, ended.stderr
    assert set(season.counts.values()) == {1}


def test_it_is_shown_and_tried_and_asked(season, machine) -> None:
    """Without a terminal and --yes nothing is written."""
    season.write(ENTRY)
    ended = install(season)
    assert ended.code == 3
    for words in ("Your crontab gets:", "*/5 * * * *", "1 scheduled campaign is ready."):
        assert words in ended.out
    assert machine.lines == []
    assert not (season.root / ".announce/schedule.env").exists()


def test_a_dry_run_writes_nothing(season, machine) -> None:
    """It shows."""
    season.write(ENTRY)
    ended = install(season, "--dry-run")
    assert (ended.code, "*/5 * * * *" in ended.out) == (0, True)
    assert machine.lines == []
    assert not (season.root / ".announce").exists()


def test_installed_twice_it_stands_there_once(season, machine) -> None:
    """And with other minutes in its old place."""
    season.write(ENTRY)
    install(season, "--yes")
    machine.crontab.write_text("\n".join(machine.lines) + f"\n{OTHERS}", "utf-8")
    before = machine.lines
    ended = install(season)
    assert (ended.code, machine.lines) == (0, before)
    install(season, "--yes", "--every", "10")
    assert machine.lines == [one.replace("*/5 *", "*/10 *", 1) for one in before]


@pytest.mark.usefixtures("machine")
def test_minutes_that_do_not_go_into_an_hour_are_refused(season) -> None:
    """`*/7` would call at :56 and :00."""
    season.write(ENTRY)
    ended = install(season, "--yes", "--every", "7")
    assert ended.code == 2
    assert "7 min do not go into it" in ended.err


def test_it_can_be_taken_out(season, machine) -> None:
    """With nothing left, whatever became of the settings."""
    machine.crontab.write_text(OTHERS, "utf-8")
    season.write(ENTRY)
    install(season, "--yes")
    (season.root / "announce.yaml").write_text("name: [", "utf-8")
    ended = season.call(NOW, "schedule", "uninstall")
    assert ended.code == 0, ended.err
    assert machine.crontab.read_text("utf-8") == OTHERS
    assert not (season.root / ".announce/schedule.env").exists()
    assert "Nothing was installed" in season.call(NOW, "schedule", "uninstall").out


def test_two_projects_stand_side_by_side(season, machine, announce, tmp_path) -> None:
    """Each has lines of its own."""
    season.write(ENTRY)
    install(season, "--yes")
    first = machine.lines
    other = tmp_path / "other project 100%"
    season.root.rename(other)
    announce("schedule", "install", "--yes", cwd=other)
    assert len(machine.lines) == 2 * len(first)
    assert r"100\%" in machine.lines[4]
    announce("schedule", "uninstall", cwd=other)
    assert machine.lines == first


def test_a_folder_with_odd_signs_works(season, machine, announce) -> None:
    """Blanks, quotes and per cents mean nothing to the shell, nor to cron."""
    season.write("  - {at: 2025-02-01 09:00 UTC, id: past, if_late: send}\n")
    other = season.root.with_name("it's a 100% $HOME")
    season.root.rename(other)
    assert announce("schedule", "install", "--yes", cwd=other).code == 0
    ended = machine.cron()
    assert ended.returncode == 0, ended.stderr
    assert set(season.counts.values()) == {1}


def test_variables_are_kept_where_only_their_user_reads_them(season, machine, monkeypatch) -> None:
    """Those that the settings name, and others by --env; no value is ever shown."""
    season.write(ENTRY, settings="wechat: {app_secret: {env: WECHAT_SECRET}, app_id: wx1}\n")
    monkeypatch.setenv("WECHAT_SECRET", "it's $ecret")
    monkeypatch.setenv("MY_OWN", "x")
    monkeypatch.setenv("UNASKED", "y")
    ended = install(season, "--yes", "--env", "MY_OWN")
    assert ended.code == 0, ended.err
    path = season.root / ".announce/schedule.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = subprocess.run(
        ["/bin/sh", "-c", f'. {path}; echo "$WECHAT_SECRET,$MY_OWN,$UNASKED"'],
        env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "it's $ecret,x,\n"
    assert "$ecret" not in ended.out + ended.err + machine.crontab.read_text("utf-8")
    assert "WECHAT_SECRET" in ended.out


def test_a_variable_that_is_not_set_is_told(season, machine) -> None:
    """A run would not have it either."""
    season.write(ENTRY, settings="wechat: {app_secret: {env: WECHAT_SECRET}, app_id: wx1}\n")
    ended = install(season, "--yes")
    assert (ended.code, "WECHAT_SECRET" in ended.err, machine.lines) == (2, True, [])


def test_what_fails_in_crons_environment_is_not_installed(season, machine, monkeypatch) -> None:
    """With its own words, and the file with the variables gone."""
    season.write(ENTRY)
    monkeypatch.setattr(sys, "executable", "/usr/bin/false")
    ended = install(season, "--yes")
    assert ended.code == 4
    assert "it fails (exit code 1)" in ended.err
    assert machine.lines == []
    assert not (season.root / ".announce/schedule.env").exists()


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"more": "as_of: 2025-01-01\n"}, 2, "`as_of`"),
        ({"more": "wechat: [{language: zh, deliver: draft}]\n"}, 3, "want of an account"),
    ],
)
def test_what_nobody_would_see_is_refused(season, machine, more, code: int, message: str) -> None:
    """A past season, and a rehearsal that was not asked for."""
    season.write(ENTRY, **more)
    ended = install(season, "--yes")
    assert (ended.code, message in ended.err, machine.lines) == (code, True, [])


@pytest.mark.usefixtures("machine")
def test_without_a_schedule_there_is_nothing_to_call(season) -> None:
    """It is said."""
    season.write(ENTRY)
    text = (season.root / FILE).read_text("utf-8")
    (season.root / FILE).write_text(text[: text.index("schedule:")], "utf-8")
    ended = install(season, "--yes")
    assert (ended.code, "no campaign has a schedule" in ended.err) == (2, True)


def test_a_rehearsal_is_called_as_one(season, machine) -> None:
    """With --sandbox, on purpose."""
    season.write(ENTRY, more="wechat: [{language: zh, deliver: draft}]\n")
    assert install(season, "--yes", "--sandbox").code == 0
    assert "schedule run --sandbox" in machine.lines[1]


def test_systemd_calls_it_by_a_timer(season, machine, tmp_path) -> None:
    """Of the user's own; enabled, and taken out again."""
    season.write(ENTRY)
    ended = install(season, "--yes", "--with", "systemd")
    assert ended.code == 0, ended.err
    service, timer = sorted((tmp_path / "config/systemd/user").iterdir())
    assert "announce schedule run" in service.read_text("utf-8")
    assert "OnCalendar=*:0/5" in timer.read_text("utf-8")
    assert f"--user enable --now {timer.name}" in machine.calls.read_text("utf-8")
    assert "installed already" in install(season, "--with", "systemd").out
    assert season.call(NOW, "schedule", "uninstall").code == 0
    assert f"--user disable --now {timer.name}" in machine.calls.read_text("utf-8")
    assert not service.exists()
    assert not timer.exists()


def test_where_systemd_refuses_nothing_is_left(season, machine, tmp_path) -> None:
    """In a container, say."""
    season.write(ENTRY)
    machine.systemctl(1)
    ended = install(season, "--yes", "--with", "systemd")
    assert (ended.code, "systemd refuses" in ended.err) == (4, True)
    assert list((tmp_path / "config/systemd/user").iterdir()) == []
    assert not (season.root / ".announce/schedule.env").exists()


@pytest.mark.usefixtures("machine")
def test_who_hears_of_a_failure_is_told(season) -> None:
    """The address of the settings, else how to set one."""
    season.write(ENTRY)
    assert "notify" in install(season, "--yes").out
    season.write(ENTRY, settings="schedule: {notify: chair@example.org}\n")
    assert "told to chair@example.org" in install(season, "--yes").out
