"""Makes the screenshots of the documentation from a real rehearsal, with headless Chromium.

    python scripts/pictures.py          write docs/pictures/*.png

The example project is made anew in a temporary folder, previewed and sent into the sandbox;
mails come from the preview's .eml files, articles and the inbox from the sandbox's pages, and
the preview is its own first page.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No network, no first-run pages, no scroll bars. In a container Chromium runs as root, which
# its sandbox refuses; it opens nothing but the pages made here.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--force-color-profile=srgb",
    # A sandboxed frame in a process of its own is sometimes not drawn in time.
    "--disable-features=IsolateSandboxedIframes",
)  # fmt: skip
# Which mail and which draft stand for each language: a word of its subject or title.
MAILS = {"en": "Call for papers", "zh": "征稿"}
MOST_BYTES = 300_000
# A season for the page that shows one, with something to look at.
SCHEDULES = {
    "cfp": """
  - {id: call, at: 2025-01-06 09:00 Asia/Shanghai}
  - {before: deadlines.submission, by: [14d, 7d, 2d, 12h], at: 09:00}
""",
    "reviewers": """
  - {id: weekly, cron: 0 9 * * mon, zone: Europe/Berlin, start: 2025-01-13, end: 2025-02-10}
""",
    "decisions": "  - {at: 2025-03-05 02:00 Asia/Shanghai}\n",
    "awards": "  - {at: 2025-04-28 18:00 Asia/Singapore}\n",
}


def main() -> int:
    """Make all pictures; exit 1 where one is too large for a page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = folder / "project"
        announce("init", str(project))
        for language in MAILS:
            make(language, project, folder)
        season(folder)
    sizes = {path.name: path.stat().st_size for path in sorted(PICTURES.glob("*.png"))}
    for picture, size in sizes.items():
        print(f"{picture}: {size // 1000} kB")
    return 1 if max(sizes.values()) > MOST_BYTES else 0


def make(language: str, project: Path, folder: Path) -> None:
    """The pictures of one language, with the interface in that language."""
    announce("preview", "campaigns/cfp.yaml", at=project, language=language)
    announce("send", "campaigns/cfp.yaml", at=project, language=language)
    page = folder / f"mail.{language}.html"
    page.write_text(both_frames(mail_of(project, MAILS[language])), encoding="utf-8")
    shoot(page.as_uri(), PICTURES / f"mail.{language}.png", width=1240, height=800)
    announce("preview", "campaigns/decisions.yaml", at=project, language=language)
    seen = project / ".announce" / "preview" / "scifm-2025-decisions" / "index.html"
    shoot(seen.as_uri(), PICTURES / f"preview.{language}.png", width=1100, height=1900)
    with sandbox(project, language) as inbox:
        base = inbox.rstrip("/")
        shoot(inbox, PICTURES / f"inbox.{language}.png", width=1100, height=560)
        draft = links(f"{base}/drafts", "/draft/")[MAILS[language]]
        shoot(f"{base}{draft}", PICTURES / f"article.{language}.png", width=1100, height=960)


def season(folder: Path) -> None:
    """The page of a season, in both languages."""
    project = folder / "season"
    announce("init", str(project))
    for name, schedule in SCHEDULES.items():
        file = project / "campaigns" / f"{name}.yaml"
        lines = file.read_text("utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("as_of:"))
        file.write_text(f"{text}\n\nschedule:\n{schedule.strip(chr(10))}\n", "utf-8")
    span = ("--from", "2025-01-01", "--to", "2025-05-04")
    for language in MAILS:
        page = folder / f"season.{language}.html"
        announce("schedule", "simulate", *span, "--page", str(page), at=project, language=language)
        shoot(page.as_uri(), PICTURES / f"season.{language}.png", width=1100, height=900)


def announce(*arguments: str, at: Path | None = None, language: str = "en") -> str:
    """Run the tool as people do; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "announce", *arguments],
        cwd=at,
        env=environment(language),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def environment(language: str) -> dict[str, str]:
    """This process's, with the interface's language, and the source tree to run from."""
    return os.environ | {"ANNOUNCE_UI": language, "PYTHONPATH": str(ROOT / "src")}


@contextmanager
def sandbox(project: Path, language: str) -> Iterator[str]:
    """The sandbox in the foreground of a process; the address of its inbox."""
    command = [sys.executable, "-u", "-m", "announce", "sandbox"]
    with subprocess.Popen(
        command, cwd=project, env=environment(language), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield line[line.index("http") :].strip()
        finally:
            process.terminate()


def links(address: str, part: str) -> dict[str, str]:
    """For each language's word: the first link of a page with it in its text, without token."""
    with urlopen(address) as answer:
        page = answer.read().decode()
    found: dict[str, str] = {}
    for piece in page.split('href="')[1:]:
        target, _, text = piece.partition('"')
        if part in target:
            for word in MAILS.values():
                if word in text.split("</a>", 1)[0]:
                    found.setdefault(word, target[target.index(part) :])
    return found


def mail_of(project: Path, word: str) -> EmailMessage:
    """The first mail of the preview with this word in its subject and a name in its greeting."""
    for path in sorted((project / ".announce" / "preview").glob("*/mail/*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        if word in message["subject"]:
            return message
    raise LookupError(f"no mail with {word!r} in its subject")


def both_frames(mail: EmailMessage) -> str:
    """A page with the mail on a phone and on a desktop, each below its subject."""
    html = standing_alone(mail)
    frames = "".join(
        f'<figure class="{kind}"><header><b>{escape(mail["subject"])}</b>'
        f"<span>{escape(str(mail['from']))}</span></header>"
        f'<iframe srcdoc="{escape(html)}"></iframe></figure>'
        for kind in ("phone", "desktop")
    )
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{frames}'


def standing_alone(mail: EmailMessage) -> str:
    """The mail's HTML with its pictures inside."""
    body = mail.get_body(("html",))
    assert body is not None
    html: str = body.get_content()
    for part in mail.walk():
        if cid := str(part["content-id"] or "").strip("<>"):
            data = base64.b64encode(part.get_payload(decode=True)).decode()
            address = f"data:{part.get_content_type()};base64,{data}"
            html = html.replace(f"cid:{cid}", address).replace(f"cid:{quote(cid)}", address)
    return html


def shoot(address: str, target: Path, *, width: int, height: int) -> None:
    """A picture of a page."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("no Chromium found: install chromium")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}",
                f"--screenshot={target}", address,
            ],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip


STYLE = """
body { margin: 0; padding: 24px; background: #f5f4f0; display: flex; gap: 24px;
  font: 14px/1.4 system-ui, "Noto Sans CJK SC", sans-serif; color: #1f2328 }
figure { margin: 0; background: #fff; overflow: hidden; height: 752px; display: flex;
  flex-direction: column; box-shadow: 0 2px 12px #0002 }
.phone { width: 375px; border: 10px solid #1c2226; border-radius: 36px; box-sizing: border-box;
  flex: none }
.desktop { flex: 1; border: 1px solid #d8d6cf; border-radius: 10px }
header { padding: 12px 16px; border-bottom: 1px solid #e4e2da }
header b, header span { display: block; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis }
header span { color: #6a6f76; font-size: 12px }
iframe { border: 0; flex: 1; width: 100% }
"""

if __name__ == "__main__":
    sys.exit(main())
