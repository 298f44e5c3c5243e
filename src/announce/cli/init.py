"""`announce init`: a new project with the example campaigns."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import click

from announce.cli.screen import Screen
from announce.errors import InputError
from announce.texts import say

PARTS = ("announce.yaml", "campaigns", "templates", "audiences", "assets")
IGNORED = ".announce/\n# Real lists stay out of git.\naudiences/private/\n"


@click.command(
    "init",
    help=say("Make a new project with the example campaigns, ready for `send` into the sandbox."),
)
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def command(screen: Screen, folder: Path) -> int:
    """Make a project."""
    taken = [name for name in PARTS if (folder / name).exists()]
    if taken:
        raise InputError(
            say(
                "{folder} has {taken} already; nothing was written",
                folder=folder,
                taken=", ".join(taken),
            ),
            hint=say("name a folder that does not exist yet"),
        )
    source = example()
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        _copy(source / name, folder / name)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    screen.line(say("A project with four example campaigns: {folder}", folder=folder.resolve()))
    here = folder.resolve() == Path.cwd().resolve()
    step = "" if here else f"cd {folder} && "
    screen.line(say("Next: {step}announce send campaigns/cfp.yaml", step=step))
    if screen.as_json:
        screen.document({"project": str(folder.resolve()), "parts": list(PARTS)})
    return 0


def example() -> Path:
    """Where the example project is: in the installed package, else in the source tree."""
    inside = Path(str(files("announce"))) / "example"
    return inside if inside.is_dir() else Path(__file__).parents[3]


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
