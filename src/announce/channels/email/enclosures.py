"""What is sent along with a mail: pictures in the words, attachments, the calendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from announce.channels.email.calendar import calendar_file
from announce.channels.email.check import ATTACHMENTS_LIMIT
from announce.channels.email.files import Files, FileTrouble, media_type
from announce.model.audience import Recipient
from announce.model.base import in_language
from announce.model.campaign import Attachment, Campaign
from announce.model.languages import Language
from announce.model.message import Blob
from announce.model.project import Project
from announce.problems import Place, Problem, did_you_mean
from announce.texts import say

if TYPE_CHECKING:
    from announce.rendering.words import Half


class Faults:
    """Gathers what is wrong with one recipient's mail, all of it at the recipient's place."""

    def __init__(self, place: Place) -> None:
        self.problems: list[Problem] = []
        self._place = place

    def add(self, code: str, message: str, hint: str) -> None:
        """One more fault."""
        self.problems.append(Problem(code=code, place=self._place, message=message, hint=hint))

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on behind this block when a file in it is at fault."""
        try:
            yield
        except FileTrouble as trouble:
            self.add(trouble.code, trouble.message, trouble.hint)


class Enclosures:
    """The files of one campaign's mails. `personal` says whether recipients have their own."""

    def __init__(self, project: Project, campaign: Campaign) -> None:
        self._campaign = campaign
        self._files = Files(project.root, largest=ATTACHMENTS_LIMIT)
        self._calendars: dict[tuple[Language, ...], Blob | None] = {}
        entries = campaign.email.attachments if campaign.email else []
        self.personal = any(entry.column is not None for entry in entries)

    def hold_to(self, digests: Mapping[str, str]) -> None:
        """See `Files.hold_to`."""
        self._files.hold_to(digests)

    def pictures(
        self, halves: Sequence[Half], domain: str, faults: Faults
    ) -> tuple[dict[Language, dict[str, str]], tuple[Blob, ...]]:
        """The address that each half's pictures get, and those that are sent along, each once.

        `domain` makes their Content-IDs the organisers' own.
        """
        addresses: dict[Language, dict[str, str]] = {}
        blobs: dict[str, Blob] = {}
        for half in halves:
            mine = addresses.setdefault(half.language, {})
            for name in half.pictures:
                if name.startswith("qr:"):
                    blob = _qr_picture(name, domain)
                    blobs.setdefault(blob.cid, blob)
                    mine[name] = f"cid:{blob.cid}"
                    continue
                source = in_language(self._campaign.pictures[name], half.language)
                if source.startswith("https://"):
                    mine[name] = source
                    continue
                with faults.gathered():
                    blob = self._picture(source, domain)
                    blobs.setdefault(blob.cid, blob)
                    mine[name] = f"cid:{blob.cid}"
                mine.setdefault(name, "")
        return addresses, tuple(blobs.values())

    def _picture(self, source: str, domain: str) -> Blob:
        data = self._files.read(source)
        return _shown(PurePosixPath(source).name, media_type(source), data, domain)

    def attachments(
        self,
        recipient: Recipient,
        languages: tuple[Language, ...],
        domain: str,
        faults: Faults,
    ) -> tuple[Blob, ...]:
        """The files of one recipient's mail, the calendar last."""
        blobs: list[Blob] = []
        for attachment in self._campaign.email.attachments if self._campaign.email else []:
            for source, language in _sources(attachment, recipient, languages, faults).items():
                with faults.gathered():
                    blobs.append(self._attachment(attachment, source, language))
        calendar = self._calendar(languages, domain)
        return (*blobs, calendar) if calendar else tuple(blobs)

    def _attachment(self, attachment: Attachment, source: str, language: Language) -> Blob:
        name = in_language(attachment.name, language) if attachment.name else ""
        return Blob(
            name=name or PurePosixPath(source).name,
            media_type=media_type(source),
            data=self._files.read(source),
        )

    def _calendar(self, languages: Sequence[Language], domain: str) -> Blob | None:
        key = tuple(languages)
        if key not in self._calendars:
            self._calendars[key] = calendar_file(self._campaign, key, domain)
        return self._calendars[key]


def _qr_picture(name: str, domain: str) -> Blob:
    """The picture of an address that a template shows as one."""
    from announce.rendering.qr import qr_address, qr_file, qr_png

    url = qr_address(name) or ""  # rendering has seen that it is one
    return _shown(f"{qr_file(url)}.png", "image/png", qr_png(url), domain)


def _shown(name: str, kind: str, data: bytes, domain: str) -> Blob:
    """A picture that the body shows."""
    cid = f"{hashlib.sha256(data).hexdigest()[:32]}@{domain}"
    return Blob(name=name, media_type=kind, data=data, cid=cid)


def _sources(
    attachment: Attachment,
    recipient: Recipient,
    languages: Sequence[Language],
    faults: Faults,
) -> dict[str, Language]:
    """The files that one entry means for this mail, each with the language of its name."""
    if attachment.file is not None:
        files: dict[str, Language] = {}
        for language in languages:
            # One file for both languages is sent once, named in the first.
            files.setdefault(in_language(attachment.file, language), language)
        return files
    column = attachment.column or ""
    if column not in recipient.fields:
        faults.add(
            "column-unknown",
            say('attachments: the audience has no column "{column}"', column=column),
            did_you_mean(column, recipient.fields),
        )
        return {}
    source = recipient.fields[column].strip()
    return {source: languages[0]} if source else {}


def size_of(blobs: Iterable[Blob]) -> int:
    """The bytes of files, before their encoding adds a third."""
    return sum(len(blob.data) for blob in blobs)
