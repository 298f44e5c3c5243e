"""A script of one's own: smtplib, EmailMessage and Jinja2, on one connection.

    python stdlib.py FOLDER HOST PORT

FOLDER holds people.csv and the templates. They are compiled once, their Markdown long turned
into HTML; a message is rendered, put together by the standard library, and sent. Nothing is
checked beforehand and nothing is written down.
"""

from __future__ import annotations

import csv
import smtplib
import sys
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

import jinja2


def main(folder: Path, host: str, port: int) -> None:
    """Send the letter to everybody in people.csv."""
    subject, text, html = templates(folder)
    with (
        (folder / "people.csv").open(encoding="utf-8", newline="") as file,
        smtplib.SMTP(host, port) as server,
    ):
        for row in csv.DictReader(file):
            message = EmailMessage(policy=SMTP)
            message["From"] = "Programme Chairs <chairs@example.org>"
            message["To"] = f'"{row["name"]}" <{row["address"]}>'
            message["Subject"] = subject.render(row)
            message["Date"] = formatdate()
            message["Message-ID"] = make_msgid(domain="example.org")
            message.set_content(text.render(row))
            message.add_alternative(html.render(row), subtype="html")
            server.send_message(message)


def templates(folder: Path) -> list[jinja2.Template]:
    """Subject, text and HTML, compiled; values are escaped in HTML only."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=lambda name: name == "letter.html.j2",
        keep_trailing_newline=True,
    )
    names = ("subject.txt.j2", "letter.txt.j2", "letter.html.j2")
    return [environment.get_template(name) for name in names]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
