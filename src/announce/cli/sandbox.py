"""`announce sandbox`: the embedded services in the foreground, with a web inbox."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter, ValidationError

from announce.cli.common import now
from announce.cli.screen import Screen
from announce.gathering import open_project
from announce.model.project import Duration
from announce.texts import say

if TYPE_CHECKING:
    from announce.sandbox import Sandbox
    from announce.sandbox.wechat.faults import Fault

KINDS = ("personal_sub", "ent_unverified", "verified_sub", "verified_service")


def _length(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    """A length of time as settings have it: `30s`, `10m`."""
    try:
        return TypeAdapter[timedelta](Duration).validate_python(value)
    except ValidationError as error:
        raise click.BadParameter(
            say('"{value}" is not a duration: write 30s, 10m, 2h or 7d', value=value)
        ) from error


def _scripted(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, Fault | int]]:
    """Endpoints and how their next calls go wrong: `draft/add=lost_after`."""
    return [_one_fault(value) for value in values]


def _one_fault(value: str) -> tuple[str, Fault | int]:
    from announce.sandbox.wechat.faults import Fault, read_fault

    path, _, kind = value.partition("=")
    try:
        fault: Fault | int | None = read_fault(kind)
    except ValueError:
        fault = None
    if fault is None or not path.strip("/"):
        raise click.BadParameter(
            say(
                '"{value}" is not a fault: write ENDPOINT=KIND, as draft/add=lost_after; '
                "kinds are {kinds}, or an error code",
                value=value,
                kinds=", ".join(one.replace("-", "_") for one in Fault),
            )
        )
    return path.strip("/").removeprefix("cgi-bin/"), fault


@click.command(
    "sandbox",
    help=say(
        "Run the mail catcher and the official-account emulator in the foreground, with a web "
        "page that shows mails and articles as a reader sees them. Ends with Ctrl-C."
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help=say("Port of the web page; default: a free one."),
)
@click.option(
    "--api-port",
    type=click.IntRange(0, 65535),
    default=0,
    help=say("Port of the official-account API; default: a free one."),
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help=say("Kind of account that the emulator plays; default: wechat.rehearse_as."),
)
@click.option(
    "--publish-delay",
    callback=_length,
    metavar="DURATION",
    default="2s",
    help=say("How long publishing and mass messages take; default: 2s."),
)
@click.option(
    "--admin-confirms",
    is_flag=True,
    help=say("Messages to everybody wait until you confirm them on the web page."),
)
@click.option(
    "--fault",
    "faults",
    callback=_scripted,
    metavar="ENDPOINT=KIND",
    multiple=True,
    help=say(
        "The next call of an endpoint goes wrong: ENDPOINT=KIND, as draft/add=lost_after or "
        "freepublish/submit=45009. May be repeated."
    ),
)
@click.option(
    "--strict",
    is_flag=True,
    help=say("Count the bytes of titles and authors too, as some accounts do."),
)
@click.option(
    "--events-to",
    metavar="URL",
    help=say("Post the platform's events to this address on this machine."),
)
@click.option(
    "--events-token",
    metavar="WORD",
    default="sandbox",
    help=say("What events are signed with; default: sandbox."),
)
@click.option("--show-secret", is_flag=True, help=say("Show the AppSecret as well."))
@click.option("--open", "open_page", is_flag=True, help=say("Open the page in a browser."))
@click.option(
    "--reset",
    is_flag=True,
    help=say("Forget every rehearsal: mails, drafts and the sandbox's ledger. Then end."),
)
@click.pass_obj
def command(
    screen: Screen,
    port: int,
    api_port: int,
    kind: str | None,
    publish_delay: timedelta,
    admin_confirms: bool,
    faults: list[tuple[str, Fault | int]],
    strict: bool,
    events_to: str | None,
    events_token: str,
    show_secret: bool,
    open_page: bool,
    reset: bool,
) -> int:
    """Run the sandbox."""
    project = open_project(screen.project)
    folder = project.private / "sandbox"
    if reset:
        return _reset(screen, folder)
    from announce.sandbox import Sandbox
    from announce.sandbox.web import WebInbox
    from announce.sandbox.wechat import DOCUMENTED, STRICT_BYTES, AccountKind
    from announce.sandbox.wechat.state import State

    try:
        box = Sandbox(
            folder,
            now=now,
            account_kind=AccountKind(kind or project.settings.wechat.rehearse_as),
            profile=STRICT_BYTES if strict else DOCUMENTED,
            publish_delay=publish_delay,
            callback=(events_to, events_token) if events_to else None,
            ticks=True,
            api_port=api_port,
            # The same address at the next start, so that it can stand in another's settings.
            api_token=State(folder / "wechat").path_token(),
        )
    except ValueError as error:
        raise click.UsageError(
            say("events go to an http address on this machine only: {url}", url=events_to)
        ) from error
    for path, fault in faults:
        box.account.fail_next(path, fault)
    if admin_confirms:
        box.account.admin_confirms()
    with box, WebInbox(folder, port=port, account=box.account) as inbox:
        _tell(screen, box, inbox.url, show_secret=show_secret)
        if open_page:
            click.launch(inbox.url)
        inbox.wait()
    return 0


def _reset(screen: Screen, folder: Path) -> int:
    if folder.exists():
        shutil.rmtree(folder)
    screen.line(say("The sandbox is empty. Real deliveries are untouched."))
    if screen.as_json:
        screen.document({"reset": str(folder)})
    return 0


def _tell(screen: Screen, box: Sandbox, url: str, *, show_secret: bool) -> None:
    secret_file = box.account.secret_file
    screen.line(say("Inbox, draft box and followers' view: {url}", url=url))
    screen.line(say("SMTP: 127.0.0.1:{port}", port=box.smtp_port))
    screen.line(say("Official-account API: {base}", base=box.api_base))
    screen.line(say("  account: {kind}, AppID {app_id}", kind=box.account.kind, app_id=box.app_id))
    if show_secret:
        screen.line(say("  AppSecret: {secret}", secret=box.app_secret))
    else:
        screen.line(say("  AppSecret: in {file} (--show-secret shows it)", file=secret_file))
    screen.line(say("Ctrl-C ends it; what was caught stays in {folder}.", folder=box.folder))
    if screen.as_json:
        document = {
            "inbox": url,
            "smtp_port": box.smtp_port,
            "api_base": box.api_base,
            "kind": str(box.account.kind),
            "app_id": box.app_id,
            "app_secret_file": str(secret_file),
        }
        screen.document({**document, **({"app_secret": box.app_secret} if show_secret else {})})
