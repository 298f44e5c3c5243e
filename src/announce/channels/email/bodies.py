"""The bodies of text parts: octets with CRLF line ends, and the transfer encoding that fits.

The encoding follows from the octets alone, so that equal mails have equal bytes however they
were made.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import pybase64

from announce.rendering.forms import Form, Weave

_SHORT_LINES = re.compile(rb"(?:[ -~\t]{0,78}\r\n)*\Z")
_LONG_RUN = re.compile(rb"[^\r\n]{79}")
# What quoted-printable leaves as it is.
_PLAIN = bytes(code for code in range(ord(" "), ord("~") + 1) if code != ord("=")) + b"\t\r\n"
# With fewer octets of that kind than one in so many a text can be read in quoted-printable, and
# is shorter than in base64.
_FEW = 20


_BEHIND_TAG = re.compile(rb"(?<=>)(?!\r\n)")
# Behind a line or a tag of which it is known what follows.
_CUT = re.compile(rb"\n|>(?!\r\n)(?=.)", re.S)
_SOFT_BREAK = b"=\r\n"


class Body:
    """A text part's octets. `skeleton` and `cells` are what they were woven of, if they were."""

    __slots__ = ("_cells", "_skeleton", "octets")

    def __init__(
        self,
        octets: bytes,
        skeleton: BodySkeleton | None = None,
        cells: Sequence[bytes] = (),
    ) -> None:
        self.octets = octets
        self._skeleton = skeleton
        self._cells = cells

    @property
    def written(self) -> str:
        """The text as it was before; only of a body that was woven."""
        text = self.octets.decode().replace("\r\n", "\n")
        return text[:-1] if self._skeleton and not self._skeleton.ended else text

    def encoded(self) -> tuple[str, bytes]:
        """The transfer encoding, and the octets in it: ASCII, in lines of at most 78."""
        octets, skeleton = self.octets, self._skeleton
        encoding = skeleton.encoding(octets, self._cells) if skeleton else _encoding(octets)
        if encoding == "7bit":
            return encoding, octets
        if encoding == "base64":
            return encoding, in_base64(octets)
        return encoding, skeleton.quoted(self._cells) if skeleton else _quoted(octets)


def body_of(text: str) -> Body:
    """The body of a text of its own."""
    lines = re.sub(r"\r\n|\r|\n", "\r\n", text)
    return Body((lines if lines.endswith("\r\n") else lines + "\r\n").encode())


def in_base64(octets: bytes) -> bytes:
    """Base64 in lines of 76."""
    return pybase64.encodebytes(octets).replace(b"\n", b"\r\n")


class BodySkeleton:
    """The bodies of one form: what stands in all of them is encoded once.

    ValueError for a form whose line ends depend on its values.
    """

    def __init__(self, form: Form) -> None:
        if not form.literals[-1] or any("\r" in part for part in form.literals):
            raise ValueError("the line ends of the form depend on what is filled in")
        literals = [literal.replace("\n", "\r\n").encode() for literal in form.literals]
        self.ended = literals[-1].endswith(b"\n")
        if not self.ended:
            literals[-1] += b"\r\n"
        self._weave = Weave(literals, form.gaps)
        self._gaps = form.gaps
        self._odd = sum(map(_odd, literals))
        self._short = not any(_LONG_RUN.search(part) or not part.isascii() for part in literals)
        self._literals = literals

    def body(self, cells: Sequence[str]) -> Body:
        """The body of one recipient's cells (see `Form.cells`)."""
        octets = [cell.replace("\n", "\r\n").encode() for cell in cells]
        return Body(self._weave.fill(octets), self, octets)

    def encoding(self, octets: bytes, cells: Sequence[bytes]) -> str:
        """The same as for a body of its own; of most no more than the cells are looked at."""
        if self._short and _SHORT_LINES.match(octets):
            return "7bit"
        if _FEW * self._odd >= len(octets):
            return "base64"
        odd = [_odd(cell) for cell in cells]
        return _by_count(self._odd + sum([odd[gap] for gap in self._gaps]), len(octets))

    def quoted(self, cells: Sequence[bytes]) -> bytes:
        """Quoted-printable; only the lines with values in them are encoded now."""
        return b"".join(
            [run if isinstance(run, bytes) else _quoted(run.fill(cells)) for run in self._runs]
        )

    @cached_property
    def _runs(self) -> list[bytes | Weave[bytes]]:
        return list(_runs(self._literals, self._gaps))


def _encoding(octets: bytes) -> str:
    if _SHORT_LINES.match(octets):
        return "7bit"
    return _by_count(_odd(octets), len(octets))


def _by_count(odd: int, octets: int) -> str:
    return "quoted-printable" if _FEW * odd < octets else "base64"


def _odd(octets: bytes) -> int:
    return len(octets.translate(None, _PLAIN))


def _quoted(octets: bytes) -> bytes:
    """Whole lines in quoted-printable, with a soft break behind every tag.

    So what stands between two tags is written the same whatever stands before it.
    """
    pieces = _BEHIND_TAG.split(octets)
    quoted = _SOFT_BREAK.join([binascii.b2a_qp(piece, istext=True) for piece in pieces])
    # Within a piece that has no line end, b2a_qp takes a bare LF for its own breaks.
    return quoted.replace(b"=\n", _SOFT_BREAK)


def _runs(literals: Sequence[bytes], gaps: Sequence[int]) -> Iterator[bytes | Weave[bytes]]:
    """A form's octets cut where values make no difference: what has none is encoded, between
    them stands what has some."""
    live, cells = [b""], list[int]()
    for literal, gap in zip(literals, (*gaps, None), strict=True):
        ends = [found.end() for found in _CUT.finditer(literal)]
        if cells:
            cut = ends[0] if ends else len(literal)
            live[-1] += literal[:cut]
            literal = literal[cut:]
            if ends:
                yield Weave(live, cells)
                live, cells = [b""], []
                ends = [end - cut for end in ends[1:]]
        if ends:
            yield _quoted(literal[: ends[-1]])
            literal = literal[ends[-1] :]
        live[-1] += literal
        if gap is not None:
            cells.append(gap)
            live.append(b"")
