"""yagmail at its best: one connection for all, instead of one for each message as in `send()`.

    python yagmail_reused.py FOLDER HOST PORT SOURCE

FOLDER holds people.csv and the templates, compiled once; a message is rendered by way of Markdown
or as HTML (see `letters`). `prepare_send` and `_attempt_send` are
what `send()` does behind its `login()`. `prettify_html=False` leaves premailer out, which takes
as long as all the rest. yagmail puts the HTML into the text part as well, so its HTML goes
without styles here: the message would be twice as long as the others'.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import yagmail
from letters import letters


def main(folder: Path, host: str, port: int, source: str) -> None:
    """Send the letter to everybody in people.csv."""
    for name in ("letter.html.j2", "page.html.j2"):
        bare = re.sub(r' style="[^"]*"|<style>.*?</style>', "", _read(folder / name), flags=re.S)
        # Line ends would become <br>.
        (folder / name).write_text(bare.replace("\n", ""), encoding="utf-8")
    write = letters(folder, source)
    client = yagmail.Client(
        {"chairs@example.org": "Programme Chairs"},
        host=host,
        port=port,
        smtp_ssl=False,
        smtp_starttls=False,
        smtp_skip_login=True,
    )
    client.login()
    with client, (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            subject, _text, html = write(row)
            recipients, message = client.prepare_send(
                to={row["address"]: row["name"]},
                subject=subject,
                contents=html.replace("\n", ""),
                prettify_html=False,
            )
            client._attempt_send(recipients, message)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
