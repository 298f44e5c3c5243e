"""Characters that have no business in hand-written files."""

from __future__ import annotations

import re
import unicodedata

# Controls but tab and line ends, and U+FDD0–FDEF with U+FFFE/FFFF, which Unicode reserves for
# a program's own use (rendering marks filled-in values with them): https://www.unicode.org/faq/private_use.html
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")

# Also the line ends of every alphabet, and the overrides of writing direction, with which a
# name can pass for another: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
NOT_ON_ONE_LINE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff]")


def named(character: str) -> str:
    """A character that cannot be shown, by its code: `U+0007`."""
    return f"U+{ord(character):04X}"


def halfwidth(text: str) -> str:
    """The text with full-width letters, digits, punctuation and quotes made half-width."""
    return unicodedata.normalize("NFKC", text).translate(_QUOTES)


_QUOTES = str.maketrans("“”„‘’‚。、【】", "\"\"\"'''.,[]")
