"""The list of all submissions that an audience is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Place, Problem, did_you_mean
from announce.reading.audiences.table import told
from announce.reading.audiences.tables import read_table
from announce.reading.campaigns import shown_path
from announce.reading.files import FileFault, project_file
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """All submissions, a mapping of columns each; `problems` where the file is at fault."""

    file: str = ""
    rows: tuple[Mapping[str, str], ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def read_known(project: Project, campaign: Campaign) -> KnownList | None:
    """The campaign's list; None where it names none."""
    source = campaign.audience
    if source is None or source.known is None:
        return None
    try:
        path = project_file(project.root, source.known)
    except FileFault as fault:
        place = Place(file=shown_path(project, campaign.path))
        return KnownList(problems=(fault.at(place),))
    table = read_table(path, source.known)
    rows = tuple(dict(zip(table.columns, cells, strict=False)) for _line, cells in table.rows)
    problems = told([table.problems], table.shown)
    if table.usable and source.key not in table.columns:
        problems.append(
            Problem(
                code="known-key",
                place=Place(file=source.known, line=table.header),
                message=say('the file has no column "{key}"', key=source.key),
                hint=did_you_mean(source.key, table.columns),
            )
        )
        rows = ()
    return KnownList(file=source.known, rows=rows, problems=tuple(problems))
