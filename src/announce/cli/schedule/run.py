"""`announce schedule run`: sends what is due; what cron calls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from announce.checks.secrets import require_secrets
from announce.choosing import Choice, choose, conclude, of_each_kind
from announce.cli.common import now, prepare_opened, project_campaign
from announce.cli.occurrences import part_name, when
from announce.cli.schedule.common import Scheduled, refuse_for_schedule, scheduled, waits_until
from announce.cli.screen import (
    Screen,
    Within,
    fault_json,
    fault_text,
    problem_json,
    problem_text,
    show_error,
)
from announce.cli.send import Asked
from announce.errors import AnnounceError, GateError
from announce.gathering import Opened, open_project
from announce.ledger.base import HeldByAnother
from announce.model.project import Project
from announce.model.wording import reason_text
from announce.overdue import overdue
from announce.problems import Problem
from announce.scheduling import is_held, leave_out, require_whole_ledger
from announce.standing import CLOSED, NOBODY, PAST, RENAMED, SUPERSEDED, VANISHED, Stand, Standing
from announce.texts import say, say_n

if TYPE_CHECKING:
    from announce.preparing import Prepared

_STOPPED = 130


@click.command(
    "run",
    help=say(
        "Send what is due of all scheduled campaigns, or of one. This is what cron calls: it asks "
        "nothing, and prints nothing where nothing is to be done. Any number of them may run at "
        "once. All gates of `announce send` hold."
    ),
)
@click.argument("campaign", required=False, type=click.Path())
@click.option("--dry-run", is_flag=True, help=say("Say what would be done, and do nothing."))
@click.option("--sandbox", is_flag=True, help=say("Rehearse channels that have no account."))
@click.pass_obj
def command(screen: Screen, campaign: str | None, dry_run: bool, sandbox: bool) -> int:
    """Send what is due."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    run = _Run(screen, project, dry_run=dry_run, sandbox=sandbox)
    for one in scheduled(project, now(), wanted):
        run.campaign(one)
        if run.code == _STOPPED:
            break
    if run.told and run.code != _STOPPED and not dry_run:
        from announce.notifying import notify

        notify(project, run.told, now())
    if screen.as_json:
        found = {"problems": [problem_json(one) for one in run.problems]} if dry_run else {}
        screen.document({"occurrences": run.documents, **found})
    elif dry_run:
        screen.line(
            say_n(
                "{n} scheduled campaign is ready.", "{n} scheduled campaigns are ready.", run.ready
            )
        )
    return run.code


class _Run:
    """One call: what it did, and the worst that came of it."""

    def __init__(self, screen: Screen, project: Project, *, dry_run: bool, sandbox: bool) -> None:
        self._screen, self._project = screen, project
        self._dry_run, self._sandbox = dry_run, sandbox
        self.code = self.ready = 0
        self._whole = False
        self.told: list[str] = []
        self.documents: list[dict[str, object]] = []
        self.problems: list[Problem] = []

    def campaign(self, found: Scheduled) -> None:
        """Do what is due of a campaign; its faults stand in no other's way."""
        try:
            if found.error is not None:
                raise found.error
            assert found.opened is not None
            self._refuse(found.opened, found.standings)
            for one in found.standings:
                if one.stand is Stand.LAPSED and not self._is_under_way(found.opened, one):
                    self._leave_out(found.opened, one)
            self._ask(found, [one for one in found.standings if one.stand is Stand.ASKS])
            if self._dry_run:
                self._look(found.opened, found.standings)
            due = [one for one in found.standings if one.stand is Stand.DUE]
            for name in dict.fromkeys(one.occurrence.id for one in due):
                self._send(found.opened, name)
                if self.code == _STOPPED:
                    return
        except AnnounceError as error:
            self._fail(found, error)

    def _refuse(self, opened: Opened, standings: tuple[Standing, ...]) -> None:
        """What a schedule cannot be used with, told as soon as there is anything to do; and an old
        ledger at once, for it may not know what there is to do."""
        if not self._whole:
            # Once a call: there is one ledger, and its witnesses may be long to read.
            self._whole = require_whole_ledger(opened)
        acts = any(one.stand in (Stand.DUE, Stand.ASKS, Stand.LAPSED) for one in standings)
        if acts or self._dry_run:
            refuse_for_schedule(opened, sandbox=self._sandbox)

    def _look(self, opened: Opened, standings: tuple[Standing, ...]) -> None:
        """See, where nothing is sent, whether what a send needs is at hand and in order, and tell
        what its gates say. What is only to come may be approved until then."""
        from announce.dispatch import Options
        from announce.gates import refusals

        require_secrets(opened.project, opened.campaign)
        found = overdue(opened, standings)
        told: dict[str, Problem] = {}
        for name in of_each_kind(standings):
            chosen = choose(opened, now(), name)
            for one in refusals(prepare_opened(chosen.opened), Options()):
                told.setdefault(one.message, one)
                if Stand.DUE in {part.stand for part in chosen.parts}:
                    self._worse(GateError.exit_code)
        for one in (*found, *told.values()):
            self._screen.note(problem_text(one))
            self.problems.append(one)
        self.ready += not told

    def _is_under_way(self, opened: Opened, one: Standing) -> bool:
        """Whether one that is over may be just what another process is sending: that one goes on to
        its end."""
        return one.begun and not self._dry_run and is_held(opened, now())

    def _leave_out(self, opened: Opened, one: Standing) -> None:
        name, at = part_name(one.occurrence), when(one.occurrence.due, self._project)
        words = {
            "campaign": opened.campaign.id,
            "occurrence": name,
            "when": at,
            "reason": reason_text(one.reason),
        }
        text = say("{campaign} {occurrence}, due {when}, is left out: {reason}", **words)
        if one.begun:
            text = say(
                "{campaign} {occurrence}, due {when}, ends before all got it: {reason}", **words
            )
        self._screen.line(text)
        if one.reason in (PAST, CLOSED, SUPERSEDED, RENAMED, VANISHED):
            # Nobody wished for it, as with quiet hours: somebody should hear of it.
            self.told.append(text)
        self._document(opened.campaign.id, one.occurrence.id, "skipped", one.reason)
        if not self._dry_run:
            leave_out(opened, one.occurrence, now(), one.reason)

    def _ask(self, found: Scheduled, asking: list[Standing]) -> None:
        for one in asking:
            self._tell(
                say(
                    "{campaign} {occurrence}, due {when}, asks what becomes of it: {reason}",
                    campaign=found.id,
                    occurrence=part_name(one.occurrence),
                    when=when(one.occurrence.due, self._project),
                    reason=reason_text(one.reason),
                )
            )
            self._tell(
                say(
                    "    send it now: announce send {file} --occurrence {name}; or leave it out: "
                    "announce schedule skip {file} {name}",
                    file=found.file,
                    name=one.occurrence.id,
                )
            )
            self._document(found.id, one.occurrence.id, "asks", one.reason)
            self._worse(GateError.exit_code)

    def _send(self, opened: Opened, name: str) -> None:
        chosen = choose(opened, now(), name, sending=True)
        # Another process may have sent it since the schedule was read.
        if Stand.DUE not in {one.stand for one in chosen.parts}:
            return
        if not self._dry_run and is_held(opened, now()):
            # Cron would make a mail of every word, every few minutes of a long send.
            self._document(opened.campaign.id, name, "held", "")
            return
        due = [one.occurrence for one in chosen.parts if one.stand is Stand.DUE]
        head = say(
            "{campaign} {occurrence}, due {when}",
            campaign=opened.campaign.id,
            occurrence=say(", ").join(part_name(one) for one in due),
            when=when(due[0].due, self._project),
        )
        if self._dry_run:
            self._screen.line(head)
            self._document(opened.campaign.id, name, "due", "")
            return
        waits = [waits_until(opened, one) for one in chosen.parts if one.stand is Stand.DUE]
        if all(waits):
            # The call that ended for it has told; nor need all be composed again until then.
            self._document(opened.campaign.id, name, "waits", "")
            return
        # Slow to import, and mostly nothing is due.
        from announce.dispatch import Options
        from announce.gates import check_gates

        prepared = prepare_opened(chosen.opened, to_send=True)
        if not prepared.plan.lines:
            # All gates hold, and cron need not make a mail of it: the list tells.
            check_gates(prepared, Options())
            conclude(chosen, now(), by_hand=False, reason=NOBODY)
            self._document(opened.campaign.id, name, "nobody", "")
            return
        self._screen.line(head)
        try:
            self._sent(name, prepared, chosen)
        except HeldByAnother:
            # Another cron, or a person, is at it.
            self._screen.line(say("    another process is sending it just now"))
            self._document(opened.campaign.id, name, "held", "")

    def _sent(self, name: str, prepared: Prepared, chosen: Choice) -> None:
        from announce.cli.sending import send_prepared

        screen = self._screen
        inner = Within(project=screen.project, as_json=screen.as_json, debug=screen.debug)
        code = send_prepared(inner, prepared, _asked(time.monotonic()), None, chosen)
        self._worse(code)
        campaign = chosen.opened.campaign.id
        self._document(campaign, name, "sent" if code == 0 else "unfinished", "", code)
        for document in inner.kept:
            self.documents[-1]["run"] = document.get("run", document)
        if code:
            self.told.append(f"{campaign} {name}: " + _of_code(code))

    def _fail(self, found: Scheduled, error: AnnounceError) -> None:
        self._screen.note(f"{found.file}:")
        show_error(error, as_json=False, debug=self._screen.debug)
        self.told.append(f"{found.file}:\n{fault_text(error)}")
        self.documents.append({"campaign": found.id, "error": fault_json(error)})
        self._worse(error.exit_code)

    def _tell(self, text: str) -> None:
        self._screen.note(text)
        self.told.append(text)

    def _document(
        self,
        campaign: str,
        occurrence: str,
        what: str,
        reason: str,
        code: int | None = None,
    ) -> None:
        document: dict[str, object] = {"campaign": campaign, "occurrence": occurrence, "did": what}
        if reason:
            document["reason"] = reason
        if code is not None:
            document["exit_code"] = code
        self.documents.append(document)

    def _worse(self, code: int) -> None:
        self.code = max(self.code, code)


def _of_code(code: int) -> str:
    return {
        1: say("finished, but some failed or are in doubt: announce status"),
        5: say("stopped before the end; the next call goes on"),
        _STOPPED: say("interrupted; the next call goes on"),
    }.get(code, say("ended with exit code {code}", code=code))


def _asked(started: float) -> Asked:
    return Asked(
        dry_run=False,
        yes=True,
        to_self=None,
        only=(),
        limit=None,
        first=None,
        channel=None,
        retry_failed=False,
        changed=False,
        edits="refuse",
        started=started,
    )
