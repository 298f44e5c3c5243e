"""yagmail at its best: one connection for all, instead of one for each message as in `send()`.

    python yagmail_reused.py FOLDER HOST PORT

FOLDER holds people.csv and the templates, compiled once. `prepare_send` and `_attempt_send` are
what `send()` does behind its `login()`. `prettify_html=False` leaves premailer out, which takes
as long as all the rest. yagmail puts the HTML into the text part as well, so its HTML goes
without styles here: the message would be twice as long as the others'.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import jinja2
import yagmail


def main(folder: Path, host: str, port: int) -> None:
    """Send the letter to everybody in people.csv."""
    environment = jinja2.Environment()
    subject = environment.from_string((folder / "subject.txt.j2").read_text(encoding="utf-8"))
    source = (folder / "letter.html.j2").read_text(encoding="utf-8")
    # Line ends would become <br>.
    bare = re.sub(r' style="[^"]*"', "", source).replace("\n", "")
    html = jinja2.Environment(autoescape=True).from_string(bare)
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
            recipients, message = client.prepare_send(
                to={row["address"]: row["name"]},
                subject=subject.render(row),
                contents=html.render(row),
                prettify_html=False,
            )
            client._attempt_send(recipients, message)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
