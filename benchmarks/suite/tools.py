"""What the peers need: mailmerge in an environment of its own, Node's packages, Postfix's programs.

yagmail and Jinja2 come with announce: those scripts run on the interpreter of the benchmark.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from suite.sinks import find

PEERS = Path(__file__).parents[1] / "peers"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where everything is. What is not there yet is installed into `work` when it is asked for.

    `announce` is the command that is measured; `postfix` a folder with smtp-source and smtp-sink,
    None for wherever the system has them.
    """

    work: Path
    announce: tuple[str, ...]
    postfix: Path | None

    @cached_property
    def mailmerge(self) -> Path:
        """The command `mailmerge`."""
        folder, wanted = self.work / "python", PEERS / "requirements.txt"
        if not _is_current(folder, wanted):
            _tell("installing mailmerge")
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [
                str(folder / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, "-r", str(wanted)], check=True)
            shutil.copy(wanted, folder)
        return folder / "bin" / "mailmerge"

    @cached_property
    def node(self) -> Path | None:
        """A folder with the Node peer's packages; None where there is no Node."""
        if shutil.which("node") is None or shutil.which("npm") is None:
            return None
        folder, wanted = self.work / "node", PEERS / "package.json"
        if not _is_current(folder, wanted):
            _tell("installing nodemailer, nunjucks and markdown-it")
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(wanted, folder / "package.json.part")
            (folder / "package.json.part").rename(folder / "package.json")
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(npm, cwd=folder, check=True)
        return folder

    @cached_property
    def smtp_source(self) -> Path | None:
        """Postfix's generator of mails; None where it is not installed."""
        return find("smtp-source", self.postfix)

    @cached_property
    def has_processes(self) -> bool:
        """Whether this version of announce can be told how many processes to send with."""
        schema = _output([*self.announce, "schema", "settings"])
        return "processes" in json.loads(schema)["$defs"]["EmailSettings"]["properties"]

    @cached_property
    def versions(self) -> dict[str, str]:
        """The version of each peer that is there, by its name in the table."""
        found = {
            "announce": _output([*self.announce, "--version"]).split()[-1],
            "mailmerge": _output([str(self.mailmerge), "--version"]).split()[-1],
            "yagmail": version("yagmail"),
            "Jinja2": version("jinja2"),
        }
        if self.node is not None:
            package = self.node / "node_modules" / "nodemailer" / "package.json"
            library = json.loads(package.read_text(encoding="utf-8"))["version"]
            found["nodemailer"] = f"{library}, Node {_output(['node', '--version']).strip('v')}"
        return found


def _is_current(folder: Path, wanted: Path) -> bool:
    """Whether what is installed is what the list asks for: the list was copied there at the end."""
    there = folder / wanted.name
    modules = wanted.suffix != ".json" or (folder / "node_modules").is_dir()
    return modules and there.is_file() and there.read_bytes() == wanted.read_bytes()


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _tell(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)
