"""The command feels quick: what it does not need it does not import."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "pydantic", "yaml", "jinja2", "sqlalchemy", "rich", "babel", "wechatpy", "yagmail", "requests",
    "email_validator", "css_inline", "lxml", "aiosmtpd", "icalendar", "markdown_it", "asyncio",
    "ssl",
}  # fmt: skip

PROGRAM = """
import sys
from announce.texts import speak
speak("en")
from announce.cli.app import run
code = run(["--help"])
print("|".join(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
sys.exit(code)
"""


def test_help_imports_nothing_heavy() -> None:
    """`announce --help` reads a table of commands, and none of the rooms behind them."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert HEAVY & set(done.stderr.strip().split("|")) == set()
