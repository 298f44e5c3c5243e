"""`announce sandbox`: the embedded services in the foreground, with a web inbox."""

from __future__ import annotations

import shutil

import click

from announce.cli.common import now
from announce.cli.screen import Screen
from announce.gathering import open_project
from announce.texts import say


@click.command(
    "sandbox",
    help=say(
        "Run the mail catcher and the official-account emulator in the foreground, with a web "
        "page that shows mails and drafts as a reader sees them. Ends with Ctrl-C."
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help=say("Port of the web page; default: a free one."),
)
@click.option("--open", "open_page", is_flag=True, help=say("Open the page in a browser."))
@click.option(
    "--reset",
    is_flag=True,
    help=say("Forget every rehearsal: mails, drafts and the sandbox's ledger. Then end."),
)
@click.pass_obj
def command(screen: Screen, port: int, open_page: bool, reset: bool) -> int:
    """Run the sandbox."""
    project = open_project(screen.project)
    folder = project.private / "sandbox"
    if reset:
        if folder.exists():
            shutil.rmtree(folder)
        screen.line(say("The sandbox is empty. Real deliveries are untouched."))
        if screen.as_json:
            screen.document({"reset": str(folder)})
        return 0
    from announce.sandbox import Sandbox
    from announce.sandbox.web import WebInbox

    with Sandbox(folder, now=now) as box, WebInbox(folder, port=port) as inbox:
        screen.line(say("Inbox and draft box: {url}", url=inbox.url))
        screen.line(say("SMTP: 127.0.0.1:{port}", port=box.smtp_port))
        screen.line(
            say(
                "Official-account API: {base} (AppID {app_id}, AppSecret {secret})",
                base=box.api_base,
                app_id=box.app_id,
                secret=box.app_secret,
            )
        )
        screen.line(say("Ctrl-C ends it; what was caught stays in {folder}.", folder=folder))
        if screen.as_json:
            screen.document(
                {"inbox": inbox.url, "smtp_port": box.smtp_port, "api_base": box.api_base}
            )
        if open_page:
            click.launch(inbox.url)
        inbox.wait()
    return 0
