"""The interface's own words, in English or Chinese.

English is the key and stands in the code; Chinese comes from `locale/zh/LC_MESSAGES/announce.mo`.
The words of campaigns are not here: they are the project's templates.
"""

from __future__ import annotations

import gettext
import locale
import os
from pathlib import Path

DOMAIN = "announce"
LOCALE_DIR = Path(__file__).parent / "locale"
INTERFACE_LANGUAGES = ("zh", "en")


def choose_interface(wanted: str | None) -> str:
    """The interface language: what was asked for, else `ANNOUNCE_UI`, else the locale's."""
    asked = wanted or os.environ.get("ANNOUNCE_UI") or _from_locale()
    return "zh" if asked.lower().startswith("zh") else "en"


def speak(language: str) -> None:
    """Make `say` (and click's own strings) speak this language from now on, in this process."""
    # gettext's global functions, which click calls too, read the language from here only.
    os.environ["LANGUAGE"] = "zh" if language == "zh" else "en"
    gettext.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    gettext.textdomain(DOMAIN)


def spoken() -> str:
    """The interface language in force."""
    return "zh" if os.environ.get("LANGUAGE") == "zh" else "en"


def say(text: str, /, **values: object) -> str:
    """The interface's text in the language in force, with `{names}` filled."""
    translated = gettext.dgettext(DOMAIN, text)
    return translated.format(**values) if values else translated


def say_n(one: str, many: str, n: int, /, **values: object) -> str:
    """As `say`, with the form that the number `n` takes; `{n}` is filled too."""
    return gettext.dngettext(DOMAIN, one, many, n).format(n=n, **values)


def _from_locale() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    return locale.getlocale()[0] or "en"
