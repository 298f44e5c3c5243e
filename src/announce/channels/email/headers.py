"""Header fields as bytes on the wire: folded, encoded by RFC 2047, never injected into.

The standard library's folding writes long tokens of List-* fields as encoded-words, which
receivers do not read (https://github.com/python/cpython/issues/85725), and has lost quotes and
blanks in display names; here every token is written whole, and texts as encoded-words.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

from announce.model.audience import Address
from announce.texts import say

_WIDTH = 78
_HARD_LIMIT = 998  # RFC 5322 §2.1.1, without CRLF
_WORD_OCTETS = 42  # gives encoded-words that fit a line after the longest field name
_WORD_WIDTH = 68  # of an encoded-word of so many octets
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_PLAIN_WORDS = re.compile(r"[!-~]{1,60}(?: [!-~]{1,60})*\Z")
_ATOM = r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]{1,60}"
_ATOMS = re.compile(rf"{_ATOM}(?: {_ATOM})*\Z")
_QUOTABLE = re.compile(r"[!-~](?:[ -~]{0,58}[!-~])?\Z")
# The addresses and names that most people have; they need no second look.
_PLAIN_SPEC = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,255}\Z")
_SPEC = re.compile(r'(?:"[^"\\\s]+"|[^\s<>()\[\],;:@"\\]+)@(?:\[[0-9A-Za-z:.]+\]|[A-Za-z0-9.-]+)\Z')


def field(name: str, tokens: Iterable[str]) -> str:
    """One header field with its line end: tokens apart by one blank, folded only between them.

    Raises ValueError where a token cannot stand on a line.
    """
    lines, line = [], f"{name}:"
    for token in tokens:
        refuse_control(name, token)
        if len(token.encode()) >= _HARD_LIMIT - len(name) - 2:
            raise ValueError(say("{header}: too long for a line", header=name))
        # A field whose first line is empty confuses old readers: the first token stays there.
        if len(line) + 1 + len(token) > _WIDTH and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {token}"
    return "\r\n".join([*lines, line]) + "\r\n"


def text_field(name: str, text: str) -> str:
    """A field of free text such as Subject. Raises ValueError for control characters."""
    refuse_control(name, text)
    if not text.isascii() and len(name) + 2 + _WORD_WIDTH <= _WIDTH:
        # Each fits a line, and no two of them do: all but the last one are nearly full.
        return f"{name}: " + "\r\n ".join(encoded_words(text)) + "\r\n"
    return field(name, text_tokens(text))


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """A field of addresses; only display names are encoded. Raises ValueError for a bad one."""
    addresses = tuple(addresses)
    if len(addresses) == 1 and (line := _common_mailbox(name, addresses[0])):
        return line
    tokens: list[str] = []
    for address in addresses:
        if tokens:
            tokens[-1] += ","
        tokens.extend(_mailbox(name, address))
    if not tokens:
        raise ValueError(say("{header}: no address", header=name))
    return field(name, tokens)


def list_id_field(value: str) -> str:
    """List-Id: an optional phrase and the id in angle brackets (RFC 2919)."""
    refuse_control("List-Id", value)
    phrase, _, rest = value.rpartition("<") if value.endswith(">") else ("", "", value)
    ident = rest.removesuffix(">").strip()
    if not re.fullmatch(r"[!-;=?-~]+", ident):
        raise ValueError(say("{header}: not in plain ASCII", header="List-Id"))
    return field("List-Id", [*_phrase_tokens(phrase.strip()), f"<{ident}>"])


def text_tokens(text: str) -> Iterator[str]:
    """The tokens of a free text: its words as they are, or encoded-words for the whole."""
    if not text:
        return
    if _PLAIN_WORDS.match(text) and "=?" not in text:
        yield from text.split(" ")
    else:
        yield from encoded_words(text)


def encoded_words(text: str) -> Iterator[str]:
    """RFC 2047 words in UTF-8, split between characters only."""
    octets = text.encode()
    start = 0
    while len(octets) - start > _WORD_OCTETS:
        end = start + _WORD_OCTETS
        while octets[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        yield _encoded_word(octets[start:end])
        start = end
    if start < len(octets):
        yield _encoded_word(octets[start:])


def refuse_control(name: str, value: str) -> None:
    """Raise ValueError for a value that could end a header line (the value is not repeated)."""
    if _CONTROL.search(value):
        raise ValueError(say("{header}: a line break or control character", header=name))


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?B?{binascii.b2a_base64(octets, newline=False).decode()}?="


def _common_mailbox(name: str, address: Address) -> str:
    """The field of one address on one line, where that is safe to see; else ""."""
    if not _PLAIN_SPEC.match(address.spec):
        return ""
    who = address.name
    if not who:
        line = f"{name}: {address.spec}"
    elif _ATOMS.match(who):
        line = f"{name}: {who} <{address.spec}>"
    elif who.isascii() or not who.isprintable() or len(octets := who.encode()) > _WORD_OCTETS:
        return ""
    else:
        line = f"{name}: {_encoded_word(octets)} <{address.spec}>"
    return f"{line}\r\n" if len(line) <= _WIDTH else ""


def _mailbox(name: str, address: Address) -> list[str]:
    if not _SPEC.match(address.spec) or _CONTROL.search(address.spec):
        raise ValueError(say("{header}: not a mail address", header=name))
    refuse_control(name, address.name)
    phrase = _phrase_tokens(address.name)
    return [*phrase, f"<{address.spec}>"] if phrase else [address.spec]


def _phrase_tokens(phrase: str) -> list[str]:
    if not phrase:
        return []
    if _ATOMS.match(phrase):
        return phrase.split(" ")
    if _QUOTABLE.match(phrase) and "=?" not in phrase and "  " not in phrase:
        return ['"' + re.sub(r'(["\\])', r"\\\1", phrase) + '"']
    return list(encoded_words(phrase))
