"""Recipients: people as the audience file names them, normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from announce.model.languages import Language
from announce.problems import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mail address: `spec` as it goes on the wire (domain in IDNA), `name` as written.

    `spec` is ASCII unless the part before the @ is not (`needs_smtputf8`). `shown` is what
    people read (`a@例子.中国`).
    """

    spec: str
    name: str = ""
    shown: str = ""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can carry it."""
        return not self.spec.isascii()

    @property
    def identity(self) -> str:
        """What makes two addresses the same person's: the whole, without case."""
        return self.spec.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One row: one message goes to all its addresses.

    `language` is None where the row is blank. `fields` holds every column as text, under the
    file's own names, besides `name`, `names`, `address`, `addresses`, `language`, `key`.
    """

    key: str
    addresses: tuple[Address, ...]
    name: str
    names: tuple[str, ...]
    language: Language | None
    fields: Mapping[str, str]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Those of a file that a campaign addresses, in the file's order.

    `rows` counts the file's rows, `filtered` those that `where` left out, `excluded` those
    that exclusion files left out, `repeated` those that name a person again (told, and once
    written to).
    """

    recipients: tuple[Recipient, ...]
    rows: int = 0
    filtered: int = 0
    excluded: int = 0
    repeated: tuple[Recipient, ...] = ()
