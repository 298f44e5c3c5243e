"""The audience of a campaign, from its file, its condition and its exclusions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from announce.model.audience import Audience, Recipients
from announce.model.campaign import AudienceSource, Campaign
from announce.model.languages import LANGUAGES
from announce.model.project import Project
from announce.model.schedule import AUDIENCE, ZONE_COLUMN
from announce.problems import Place, Problem, did_you_mean, errors_in
from announce.reading.audiences.exclusions import Exclusions, read_exclusions
from announce.reading.audiences.openids import check_openids
from announce.reading.audiences.repeats import Repeats
from announce.reading.audiences.rows import Roles, RowReader
from announce.reading.audiences.table import Table, Told, told
from announce.reading.audiences.tables import read_table
from announce.reading.audiences.where import Test, WhereFaults, compile_where
from announce.reading.audiences.zones import check_zones
from announce.reading.campaigns import shown_path
from announce.reading.files import FileFault, project_file
from announce.reading.places import Loc
from announce.reading.yamlfile import load_yaml
from announce.texts import say


def read_audience(project: Project, campaign: Campaign) -> tuple[Audience | None, list[Problem]]:
    """Those whom the campaign addresses, or None; with every fault and doubt of the file.

    A campaign without an audience has none, and no problem. Rows that `where` or an exclusion
    leaves out are counted and not looked at further.
    """
    if campaign.audience is None:
        return None, []
    return _Reading(project, campaign, campaign.audience).read()


@dataclass(slots=True)
class _Reading:
    project: Project
    campaign: Campaign
    source: AudienceSource

    def read(self) -> tuple[Audience | None, list[Problem]]:
        try:
            path = project_file(self.project.root, self.source.file)
        except FileFault as fault:
            return None, [fault.at(self._place(("audience", "file")))]
        table = read_table(path, self.source.file)
        if not table.usable:
            deque(table.rows, maxlen=0)
            return None, told([table.problems], table.shown)
        found = self._roles(table)
        test, faults = self._where(table)
        exclusions, more = self._exclusions()
        problems = [*found, *faults, *more]
        audience, parts = None, [table.problems]
        if errors_in(problems):
            deque(table.rows, maxlen=0)
        else:
            audience, parts = self._audience(table, test, exclusions)
        problems += told(parts, table.shown)
        return (None if errors_in(problems) else audience), problems

    @property
    def _goes_by_zones(self) -> bool:
        return any(entry.zone == AUDIENCE for entry in self.campaign.schedule)

    def _place(self, loc: Loc) -> Place:
        """A place in the campaign's file, which is read again only for this."""
        shown = shown_path(self.project, self.campaign.path)
        return load_yaml(self.campaign.path, shown).places.of(loc)

    def _audience(
        self, table: Table, test: Test | None, exclusions: Exclusions
    ) -> tuple[Audience, list[Told]]:
        """The audience, and what there is to tell of its rows, kind by kind."""
        reader = RowReader(
            table=table, roles=_roles(table, self.source), promised=self.project.languages
        )
        repeats = Repeats(
            strict=self.campaign.purpose == "personal",
            file=table.shown,
            kept=Recipients(table.shown, table.columns),
        )
        leaves_out = exclusions.any
        rows = filtered = excluded = 0
        for line, cells in table.rows:
            rows += 1
            if test is not None and not test(cells):
                filtered += 1
            elif (row := reader.read(line, cells)) is not None:
                left = exclusions.left(row) if leaves_out else row
                if left is None:
                    excluded += 1
                else:
                    repeats.add(left)
        audience = Audience(
            recipients=repeats.kept,
            rows=rows,
            filtered=filtered,
            excluded=excluded,
            repeated=repeats.repeated,
            repeated_lines=tuple(repeats.lines),
        )
        people = repeats.kept
        found = [table.problems, reader.problems, repeats.problems]
        if notice := self.campaign.notice:
            found.append(check_openids(table, people, notice.openid))
        if self._goes_by_zones:
            found.append(check_zones(table, people))
        return audience, [*found, self._attachments(table, people), self._languages(table, people)]

    def _roles(self, table: Table) -> list[Problem]:
        """Columns that the campaign names and the file does not have."""
        wanted: list[tuple[Loc, str]] = [(("audience", "address"), self.source.address)]
        wanted += [
            (("audience", role), getattr(self.source, role))
            for role in ("name", "language", "key")
            if role in self.source.model_fields_set
        ]
        if self.campaign.template:
            wanted.append((("template", "by"), self.campaign.template.by))
        if isinstance(by := self.campaign.expect.get("by"), str):
            wanted.append((("expect", "by"), by))
        for number, attachment in enumerate(
            self.campaign.email.attachments if self.campaign.email else []
        ):
            if attachment.column is not None:
                wanted.append((("email", "attachments", number, "column"), attachment.column))
        if notice := self.campaign.notice:
            loc: Loc = ("notice", "openid") if "openid" in notice.model_fields_set else ("notice",)
            wanted.append((loc, notice.openid))
        if self._goes_by_zones:
            wanted.append((("schedule",), ZONE_COLUMN))
        return [
            self._no_column(table, loc, name) for loc, name in wanted if name not in table.columns
        ]

    def _no_column(self, table: Table, loc: Loc, name: str) -> Problem:
        is_default = (
            loc == ("audience", "address") and "address" not in self.source.model_fields_set
        )
        hint = did_you_mean(name, table.columns)
        if is_default:
            hint = say(
                "{hint}; another column of addresses is named in the campaign: {example}",
                hint=hint,
                example="audience: {address: …}",
            )
        place = Place(file=table.shown, line=table.header or 1) if is_default else self._place(loc)
        message = say('{file} has no column "{name}"', file=table.shown, name=name)
        return Problem(code="column-unknown", place=place, message=message, hint=hint)

    def _where(self, table: Table) -> tuple[Test | None, list[Problem]]:
        if self.source.where is None:
            return None, []
        try:
            return compile_where(self.source.where, table.columns), []
        except WhereFaults as faults:
            place = self._place(self._where_is_wrong(table))
            return None, [
                Problem(code=fault.code, place=place, message=str(fault), hint=fault.hint)
                for fault in faults.faults
            ]

    def _where_is_wrong(self, table: Table) -> Loc:
        """Where the condition that is at fault stands: an entry of the schedule may add one."""
        occurrence = self.campaign.occurrence
        if occurrence.entry is not None and occurrence.entry.where:
            try:
                compile_where(occurrence.entry.where, table.columns)
            except WhereFaults:
                return ("schedule", occurrence.place, "where")
        return ("audience", "where")

    def _exclusions(self) -> tuple[Exclusions, list[Problem]]:
        files, problems = [], []
        for number, text in enumerate(self.source.exclude):
            try:
                files.append((project_file(self.project.root, text), text))
            except FileFault as fault:
                problems.append(fault.at(self._place(self._exclude_of(number))))
        exclusions, found = read_exclusions(files, self.source)
        return exclusions, [*problems, *found]

    def _exclude_of(self, number: int) -> Loc:
        """Where an exclusion file is named: those of an entry of the schedule come behind."""
        audience = self.campaign.whole.audience
        own = len(audience.exclude) if audience else 0
        if number < own:
            return ("audience", "exclude", number)
        return ("schedule", self.campaign.occurrence.place, "exclude", number - own)

    def _attachments(self, table: Table, people: Recipients) -> Told:
        """Each recipient's own file is there."""
        found = Told()
        plans = self.campaign.email.attachments if self.campaign.email else []
        columns = [table.columns.index(plan.column) for plan in plans if plan.column is not None]
        look = lru_cache(maxsize=1024)(lambda text: _file_fault(self.project.root, text))
        for row in people.rows() if columns else ():
            for text in (row.cells[column] for column in columns):
                if text and (fault := look(text)):
                    found.add(table.problem(row.line, fault.code, fault.message, fault.hint))
        return found

    def _languages(self, table: Table, people: Recipients) -> Told:
        """Rows that ask for a language which the campaign does not write, counted in one doubt."""
        listed = self.campaign.email.languages if self.campaign.email else "recipient"
        found = Told()
        if listed == "recipient" or all(language in listed for language in LANGUAGES):
            return found
        asking = (row.line for row in people.rows() if row.language and row.language not in listed)
        first = next(asking, None)
        if first is not None:
            number = 1 + sum(1 for _ in asking)
            found.add(
                table.problem(
                    first,
                    "language-not-promised",
                    say(
                        "{n} rows ask for another language than the campaign's, this one first",
                        n=number,
                    ),
                    say(
                        "they get the campaign's language all the same; `where` can leave them out"
                    ),
                    warning=True,
                )
            )
        return found


def _roles(table: Table, source: AudienceSource) -> Roles:
    at = {name: number for number, name in enumerate(table.columns)}
    return Roles(
        address=at[source.address],
        name=at.get(source.name),
        language=at.get(source.language),
        key=at.get(source.key),
    )


def _file_fault(root: Path, text: str) -> FileFault | None:
    try:
        project_file(root, text)
    except FileFault as fault:
        return fault
    return None
