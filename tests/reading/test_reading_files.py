"""Files that a project names, and secrets from where they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading_support import Folder

from announce.errors import MachineError
from announce.model.project import Secret
from announce.problems import Place
from announce.reading.files import FileFault, project_file
from announce.reading.secrets import resolve


def test_file_inside_is_resolved(folder: Folder) -> None:
    """A relative path gives the file itself, also through a link that stays inside."""
    path = folder.write("assets/a.png", "x")
    (folder.root / "b.png").symlink_to(path)
    assert project_file(folder.root, "assets/../assets/a.png") == path
    assert project_file(folder.root, "b.png") == path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("../secret.txt", "file-outside"),
        ("assets/../../secret.txt", "file-outside"),
        ("/etc/passwd", "file-outside"),
        ("link.txt", "file-outside"),
        ("way/secret.txt", "file-outside"),
        (".announce/ledger.sqlite3", "file-outside"),
        ("loop", "file-missing"),
        ("none.txt", "file-missing"),
        ("assets", "file-missing"),
        ("", "file-missing"),
        ("a\0b", "file-missing"),
        ("x" * 5000, "file-missing"),
        ("x" * 500, "file-missing"),
        ("a.txt/b", "file-missing"),
        ("none/none.txt", "file-missing"),
    ],
)
def test_file_outside_or_missing_is_a_fault(folder: Folder, text: str, code: str) -> None:
    """Neither dots, links nor absolute paths lead out of the project."""
    (folder.root.parent / "secret.txt").write_text("x")
    folder.write(".announce/ledger.sqlite3", "x")
    folder.write("a.txt", "x")
    (folder.root / "link.txt").symlink_to(folder.root.parent / "secret.txt")
    (folder.root / "way").symlink_to(folder.root.parent)
    (folder.root / "loop").symlink_to("loop")
    with pytest.raises(FileFault) as caught:
        project_file(folder.root, text)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_missing_file_names_the_nearest(folder: Folder) -> None:
    """A misspelt file comes with the one that is there, as a problem at a place."""
    with pytest.raises(FileFault) as caught:
        project_file(folder.root, "assets/covr.png")
    problem = caught.value.at(Place(file="campaigns/cfp.yaml", line=3, column=5))
    assert str(problem) == (
        'campaigns/cfp.yaml:3:5: there is no file "assets/covr.png"\n'
        '    did you mean "assets/cover.png"?'
    )


def test_backslashes_are_explained(folder: Folder) -> None:
    """Paths of Windows come with the way to write them."""
    with pytest.raises(FileFault) as caught:
        project_file(folder.root, "assets\\cover.png")
    assert caught.value.hint == "write / between folders: assets/cover.png"


def test_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's value, without a final line end."""
    monkeypatch.setenv("ANNOUNCE_TEST_SECRET", "hunter2\n")
    assert resolve(Secret(env="ANNOUNCE_TEST_SECRET"), "the password") == "hunter2"


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_missing_secret_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """A variable that is not set or empty is the machine's fault, with the mend."""
    monkeypatch.delenv("ANNOUNCE_TEST_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("ANNOUNCE_TEST_SECRET", value)
    with pytest.raises(MachineError) as caught:
        resolve(Secret(env="ANNOUNCE_TEST_SECRET"), "the password")
    assert (
        caught.value.message
        == "the password: the environment variable ANNOUNCE_TEST_SECRET is "
        + ("not set" if value is None else "empty")
    )
    assert "export ANNOUNCE_TEST_SECRET=" in caught.value.hint


def test_keyring_without_the_package_or_entry_is_the_machines_fault() -> None:
    """A keyring that is not there never prompts."""
    with pytest.raises(MachineError) as caught:
        resolve(Secret(keyring="announce-test-none", user="u"), "the password")
    assert caught.value.hint


def test_path_to_no_folder_is_told(tmp_path: Path) -> None:
    """Where the folder is missing too, it is named."""
    with pytest.raises(FileFault) as caught:
        project_file(tmp_path, "none/a.png")
    assert caught.value.hint == 'there is no folder "none" either'
