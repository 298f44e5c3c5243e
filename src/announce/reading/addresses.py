"""Mail addresses as people write them: read, made ready for the wire, doubted when odd.

Plain ASCII addresses, nearly all, are settled by a pattern with email-validator's own answer;
the rest go to it. No DNS is asked.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from announce.model.audience import Address
from announce.reading.characters import INVISIBLE, NOT_ON_ONE_LINE, halfwidth, named
from announce.reading.providers import likely_domain
from announce.texts import say

_ATOM = r"[A-Za-z0-9_+\-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_PLAIN_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z]{{2,63}}\Z")
# Names that no mail can go to (RFC 6761), and labels that IDNA must look at: not for the pattern.
_NOT_PLAIN = re.compile(r"(?:\A|\.)(?:..--|(?:arpa|invalid|local|localhost|onion|test)\Z)", re.I)
_NAMED = re.compile(r"(?P<name>[^<＜]*?)\s*[<＜](?P<spec>[^<>＜＞]*)[>＞]\Z", re.S)
_SEPARATORS = re.compile(r"[;；]")


class AddressFault(ValueError):
    """A text that is no usable mail address; `hint` says how to mend it."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Doubt:
    """An address that may be meant otherwise."""

    message: str
    hint: str


def split_cell(cell: str) -> list[str]:
    """The parts of a cell between semicolons, half- or full-width; those in quotes stay."""
    if '"' not in cell:
        return [part.strip() for part in _SEPARATORS.split(cell)]
    parts, begin, quoted = [], 0, False
    for at, sign in enumerate(cell):
        if sign == '"' and (at == 0 or cell[at - 1] != "\\"):
            quoted = not quoted
        elif sign in ";；" and not quoted:
            parts.append(cell[begin:at].strip())
            begin = at + 1
    return [*parts, cell[begin:].strip()]


def read_address(text: str) -> tuple[Address, Doubt | None]:
    """One address, bare or as `Name <address>`, and a doubt about it. Raises AddressFault."""
    if spec := _plain(text):
        return Address(spec=spec, shown=spec), _doubt(spec)
    if found := NOT_ON_ONE_LINE.search(text):
        raise AddressFault(
            "control-character",
            say(
                "the address holds a line break or the control character {code}",
                code=named(found[0]),
            ),
            say("remove it; several addresses are separated by ;"),
        )
    name, spec = _parted(text)
    address = _validated(spec)
    return Address(spec=address.spec, name=name, shown=address.shown), _doubt(address.spec)


def _plain(text: str) -> str | None:
    """A bare ASCII address with its domain in lower case; None where the pattern is not enough."""
    local, _at, domain = text.rpartition("@")
    if len(text) > 254 or len(local) > 64 or "--" in local or not _PLAIN_LOCAL.match(local):
        return None
    lowered = _plain_domain(domain)
    return None if lowered is None else f"{local}@{lowered}"


@lru_cache(maxsize=4096)
def _plain_domain(domain: str) -> str | None:
    if len(domain) > 253 or not _PLAIN_DOMAIN.match(domain) or _NOT_PLAIN.search(domain):
        return None
    return domain.lower()


def sure_address(text: str) -> str | None:
    """A plain address that is beyond doubt; None where `read_address` has more to say."""
    spec = _plain(text)
    return None if spec is None or _likely(spec.rpartition("@")[2]) else spec


def _parted(text: str) -> tuple[str, str]:
    found = _NAMED.match(text.strip())
    if not found:
        return "", text.strip()
    name = found["name"].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return name.strip(), found["spec"].strip()


@lru_cache(maxsize=4096)
def _validated(spec: str) -> Address:
    # Only here: most audiences never come this far, and the import takes 30 ms.
    from email_validator import EmailNotValidError, validate_email

    _refuse_lookalikes(spec)
    try:
        found = validate_email(spec, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressFault("address", _cause(spec), _hint(spec)) from error
    except (UnicodeError, ValueError) as error:
        raise AddressFault("address", _cause(spec), _hint(spec)) from error
    return Address(
        spec=found.ascii_email or f"{found.local_part}@{found.ascii_domain}", shown=found.normalized
    )


def _refuse_lookalikes(spec: str) -> None:
    if found := INVISIBLE.search(spec):
        raise AddressFault(
            "address",
            say(
                '"{address}" holds the invisible character {code}',
                address=INVISIBLE.sub("", spec),
                code=named(found[0]),
            ),
            say("write it anew: {address}", address=INVISIBLE.sub("", spec)),
        )
    # The validator takes full-width letters for a name in another script.
    local = spec.rpartition("@")[0]
    if unicodedata.normalize("NFKC", local) != unicodedata.normalize("NFC", local) or "＠" in spec:
        raise AddressFault(
            "address",
            say('"{address}" has full-width characters', address=spec[:80]),
            say('did you mean "{address}"?', address=halfwidth(spec)),
        )


def _cause(spec: str) -> str:
    shown = spec if len(spec) <= 80 else spec[:79] + "…"
    if not spec:
        return say("there is an empty address")
    if "@" not in spec:
        return say('"{address}" is no mail address: it has no @', address=shown)
    domain = spec.rpartition("@")[2]
    if not domain.isascii() or "." in domain.strip("."):
        return say('"{address}" is no mail address', address=shown)
    return say(
        '"{address}" is no mail address: after the @ a domain such as example.org is needed',
        address=shown,
    )


def _hint(spec: str) -> str:
    if re.search(r"[,，、/]", spec) or spec.count("@") > 1:
        return say("separate several addresses by ;")
    if " " in spec:
        return say("remove the spaces; a name goes before the address: Name <address>")
    if re.search(r"\.(?:local|localhost|invalid|test|onion|arpa)\Z", spec, re.I):
        return say("no mail can be sent to this domain")
    return say("correct the address")


@lru_cache(maxsize=1024)
def _likely(domain: str) -> str | None:
    return likely_domain(domain)


def _doubt(spec: str) -> Doubt | None:
    local, _at, domain = spec.rpartition("@")
    meant = _likely(domain)
    if meant is None:
        return None
    return Doubt(
        say('"{address}" looks mistyped', address=spec),
        say('did you mean "{address}"?', address=f"{local}@{meant}"),
    )
