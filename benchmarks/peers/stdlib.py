"""A script of one's own: smtplib, EmailMessage and Jinja2, on one connection.

    python stdlib.py FOLDER HOST PORT SOURCE

FOLDER holds people.csv and the templates, which are compiled once. A message is rendered, by way
of Markdown or as HTML (see `letters`), put together by the standard library, and sent. Nothing
is checked beforehand and nothing is written down.
"""

from __future__ import annotations

import csv
import smtplib
import sys
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from letters import letters


def main(folder: Path, host: str, port: int, source: str) -> None:
    """Send the letter to everybody in people.csv."""
    write = letters(folder, source)
    with (
        (folder / "people.csv").open(encoding="utf-8", newline="") as file,
        smtplib.SMTP(host, port) as server,
    ):
        for row in csv.DictReader(file):
            subject, text, html = write(row)
            message = EmailMessage(policy=SMTP)
            message["From"] = "Programme Chairs <chairs@example.org>"
            message["To"] = f'"{row["name"]}" <{row["address"]}>'
            message["Subject"] = subject
            message["Date"] = formatdate()
            message["Message-ID"] = make_msgid(domain="example.org")
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            server.send_message(message)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
