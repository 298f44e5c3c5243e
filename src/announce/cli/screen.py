"""What commands print: people's text, tables, one JSON document, problems and errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from announce.errors import AnnounceError, InputError
from announce.problems import Problem, errors_in
from announce.texts import say, say_n

if TYPE_CHECKING:
    from rich.console import Console


_PIECE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Where this call prints. With `as_json`, people's text goes to standard error."""

    project: str | None
    as_json: bool
    debug: bool

    @property
    def is_terminal(self) -> bool:
        """Whether somebody is there to be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def console(self, width: int | None = None) -> Console:
        """rich's console, on the stream that is people's in this call."""
        from rich.console import Console

        return Console(stderr=self.as_json, highlight=False, width=width)

    @property
    def _wide(self) -> bool:
        return (sys.stderr if self.as_json else sys.stdout).isatty()

    def line(self, text: str = "") -> None:
        """One line for people."""
        click.echo(text, err=self.as_json)

    def note(self, text: str) -> None:
        """A line beside the result (what is rehearsed, what to do next): standard error."""
        click.echo(text, err=True)

    def document(self, value: Any) -> None:
        """The one JSON document of this call.

        An iterator that stands in it by name is an array, printed as its values come.
        """
        if isinstance(value, dict) and any(isinstance(one, Iterator) for one in value.values()):
            for text in _gathered(_document(value)):
                click.echo(text, nl=False)
        else:
            click.echo(_json(value))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table as wide as the terminal; the columns are not cut when piped."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        rows = [list(row) for row in rows]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for head in heads:
            table.add_column(head, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        # A pipe has no width: give each column the room it needs.
        console = self.console(None if self._wide else _natural_width(heads, rows))
        with console.capture() as captured:
            console.print(table)
        for line in captured.get().splitlines():
            self.line(line.rstrip())

    def problems(self, problems: Iterable[Problem]) -> None:
        """Problems as people read them, errors first, then a count."""
        listed = sorted(problems, key=lambda problem: not problem.is_error)
        for problem in listed:
            self.note(problem_text(problem))
        if listed:
            errors = len(errors_in(listed))
            self.note(
                say(
                    "{errors}, {warnings}.",
                    errors=say_n("{n} error", "{n} errors", errors),
                    warnings=say_n("{n} warning", "{n} warnings", len(listed) - errors),
                )
            )


@dataclass(frozen=True, kw_only=True)
class Within(Screen):
    """The screen of a command that another one gives: its document is kept for that one's."""

    kept: list[Any] = field(default_factory=list)

    def document(self, value: Any) -> None:
        """Keep it."""
        inner = value.items() if isinstance(value, dict) else ()
        lists = {name: list(one) for name, one in inner if isinstance(one, Iterator)}
        self.kept.append({**value, **lists} if lists else value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _document(value: dict[str, Any]) -> Iterator[str]:
    """As `_json`, a piece at a time."""
    before = "{"
    for name, inner in value.items():
        yield f"{before}\n  {_json(name)}: "
        if isinstance(inner, Iterator):
            yield from _array(inner)
        else:
            yield _json(inner).replace("\n", "\n  ")
        before = ","
    yield "\n}\n"


def _array(values: Iterator[Any]) -> Iterator[str]:
    before = "["
    for value in values:
        yield before + "\n    " + _json(value).replace("\n", "\n    ")
        before = ","
    yield "[]" if before == "[" else "\n  ]"


def _gathered(texts: Iterable[str]) -> Iterator[str]:
    """The texts in larger pieces: printing each by itself takes longer than making it."""
    kept, size = [], 0
    for text in texts:
        kept.append(text)
        size += len(text)
        if size > _PIECE:
            yield "".join(kept)
            kept, size = [], 0
    yield "".join(kept)


def _natural_width(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    from rich.cells import cell_len

    columns = list(zip(heads, *rows, strict=True))
    return sum(max(cell_len(cell) for cell in column) + 3 for column in columns)


def problem_text(problem: Problem) -> str:
    """`file:line:column: error: cause`, then the mend on a line of its own."""
    severity = say("error") if problem.is_error else say("warning")
    first, *more = problem.message.split("\n")
    text = "\n".join([f"{problem.place}: {severity}: {first} [{problem.code}]", *more])
    return f"{text}\n    {problem.hint}" if problem.hint else text


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as the contract has it."""
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def error_json(error: AnnounceError) -> dict[str, Any]:
    """How a command ended that did not work."""
    return {"exit_code": error.exit_code, "message": error.message, "hint": error.hint}


def fault_json(error: AnnounceError) -> dict[str, Any]:
    """The same for one thing of several that a command was about, with its faults."""
    problems = error.problems if isinstance(error, InputError) else ()
    return {**error_json(error), "problems": [problem_json(one) for one in problems]}


def fault_text(error: AnnounceError) -> str:
    """What is at fault and the mend, as people read it in a mail."""
    problems = error.problems if isinstance(error, InputError) else ()
    told = [problem_text(one) for one in problems] or [error.message]
    return "\n".join([*told, *([f"    {error.hint}"] if error.hint else [])])


def show_error(error: AnnounceError, *, as_json: bool, debug: bool) -> None:
    """The end of a command that did not work: what, and the mend; a trace only on request."""
    screen = Screen(project=None, as_json=as_json, debug=debug)
    problems = error.problems if isinstance(error, InputError) else ()
    if as_json:
        screen.document(
            {
                "error": error_json(error),
                "problems": [problem_json(problem) for problem in problems],
            }
        )
    if debug:
        import traceback

        screen.note("".join(traceback.format_exception(error)))
    screen.problems(problems)
    screen.note(error.message)
    if error.hint:
        screen.note(f"    {error.hint}")
