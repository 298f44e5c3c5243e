"""Composing a mail: the words in the recipient's language or both, pictures, attachments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email

from announce.channels.email.calendar import calendar_file
from announce.channels.email.check import ATTACHMENTS_LIMIT, attached_bytes
from announce.channels.email.files import Files, FileTrouble, media_type
from announce.channels.email.mime import check_writable
from announce.errors import InputError
from announce.model.audience import Address, Recipient
from announce.model.base import in_language
from announce.model.campaign import Attachment, Campaign
from announce.model.languages import Language
from announce.model.message import Blob, Mail
from announce.model.plan import Planned
from announce.model.project import Project
from announce.problems import Place, Problem, did_you_mean
from announce.texts import say


class MailRenderer(Protocol):
    """What is asked of rendering: a language's words, and the parts of a mail made of them."""

    def words(
        self,
        *,
        language: Language,
        channel: Any,
        variant: str | None,
        recipient: Recipient | None,
        occurrence: str,
        unsubscribe: str,
    ) -> Any: ...

    def mail_html(
        self,
        halves: Sequence[Any],
        *,
        subject: str,
        pictures: Mapping[Language, Mapping[str, str]] | None,
    ) -> str: ...

    def mail_text(self, halves: Sequence[Any]) -> str: ...


class MailComposer:
    """Makes the mails of one campaign. Not shared between threads."""

    def __init__(self, project: Project, campaign: Campaign, renderer: MailRenderer) -> None:
        self._project = project
        self._campaign = campaign
        self._renderer = renderer
        self._files = Files(project.root, largest=ATTACHMENTS_LIMIT)
        self._calendars: dict[tuple[Language, ...], Blob | None] = {}

    def compose(self, line: Planned) -> Mail:
        """The mail of one line of the plan.

        Raises InputError with every fault of files, addresses and headers, at the recipient's
        place; what rendering raises for faults of the template is left as it is.
        """
        if line.recipient is None:
            raise TypeError("a line of the plan without a recipient")
        recipient, languages = line.recipient, line.languages
        faults: list[Problem] = []
        mail = self._mail(line, recipient, languages, _Faults(faults, recipient.place))
        if not faults:
            faults += _unwritable(mail, recipient.place)
        if faults:
            key = recipient.key
            raise InputError(say("the mail for {key} cannot be made", key=key), problems=faults)
        return mail

    def _mail(
        self,
        line: Planned,
        recipient: Recipient,
        languages: Sequence[Language],
        faults: _Faults,
    ) -> Mail:
        sender = sender_address(self._project, languages[0])
        reply_to = self._reply_to()
        announced = self._campaign.purpose == "announcement"
        answers = reply_to or sender
        halves = [
            self._renderer.words(
                language=language,
                channel="email",
                variant=self._variant(recipient),
                recipient=recipient,
                occurrence=line.delivery.key.occurrence,
                unsubscribe=answers.shown if announced else "",
            )
            for language in languages
        ]
        addresses, pictures = self._pictures(halves, sender, faults)
        subject = _subject(halves)
        return Mail(
            languages=tuple(languages),
            subject=subject,
            sender=sender,
            reply_to=reply_to,
            to=recipient.addresses,
            text=self._renderer.mail_text(halves),
            html=self._renderer.mail_html(halves, subject=subject, pictures=addresses),
            pictures=pictures,
            attachments=self._attachments(recipient, languages, sender, faults),
            list_id=self._list_id(sender) if announced else "",
            unsubscribe=_unsubscribe(answers, self._campaign.id) if announced else "",
        )

    def _variant(self, recipient: Recipient) -> str | None:
        choice = self._campaign.template
        return recipient.fields.get(choice.by) or None if choice else None

    def _reply_to(self) -> Address | None:
        own = self._campaign.email.reply_to if self._campaign.email else None
        written = own or self._project.settings.sender.reply_to
        return _address(written) if written else None

    def _list_id(self, sender: Address) -> str:
        if configured := self._project.settings.email.list_id:
            return configured
        return re.sub(r"[^a-z0-9.-]+", "-", sender.spec.lower().replace("@", "."))

    def _pictures(
        self, halves: Sequence[Any], sender: Address, faults: _Faults
    ) -> tuple[dict[Language, dict[str, str]], tuple[Blob, ...]]:
        """The address that each half's pictures get, and those that are sent along, each once."""
        addresses: dict[Language, dict[str, str]] = {}
        blobs: dict[str, Blob] = {}
        for half in halves:
            mine = addresses.setdefault(half.language, {})
            for name in half.pictures:
                source = in_language(self._campaign.pictures[name], half.language)
                if source.startswith("https://"):
                    mine[name] = source
                    continue
                with faults.gathered():
                    blob = self._picture(source, sender)
                    blobs.setdefault(blob.cid, blob)
                    mine[name] = f"cid:{blob.cid}"
                mine.setdefault(name, "")
        return addresses, tuple(blobs.values())

    def _picture(self, source: str, sender: Address) -> Blob:
        data = self._files.read(source)
        domain = sender.spec.rpartition("@")[2]
        return Blob(
            name=PurePosixPath(source).name,
            media_type=media_type(source),
            data=data,
            cid=f"{hashlib.sha256(data).hexdigest()[:32]}@{domain}",
        )

    def _attachments(
        self,
        recipient: Recipient,
        languages: Sequence[Language],
        sender: Address,
        faults: _Faults,
    ) -> tuple[Blob, ...]:
        blobs: list[Blob] = []
        for attachment in self._campaign.email.attachments if self._campaign.email else []:
            for source, language in _sources(attachment, recipient, languages, faults).items():
                with faults.gathered():
                    blobs.append(self._attachment(attachment, source, language))
        calendar = self._calendar(languages, sender)
        return (*blobs, calendar) if calendar else tuple(blobs)

    def _attachment(self, attachment: Attachment, source: str, language: Language) -> Blob:
        name = in_language(attachment.name, language) if attachment.name else ""
        return Blob(
            name=name or PurePosixPath(source).name,
            media_type=media_type(source),
            data=self._files.read(source),
        )

    def _calendar(self, languages: Sequence[Language], sender: Address) -> Blob | None:
        key = tuple(languages)
        if key not in self._calendars:
            domain = sender.spec.rpartition("@")[2]
            self._calendars[key] = calendar_file(self._campaign, key, domain)
        return self._calendars[key]


class _Faults:
    """Gathers what is wrong with one recipient's mail, all of it at the recipient's place."""

    def __init__(self, problems: list[Problem], place: Place) -> None:
        self._problems = problems
        self._place = place

    def add(self, code: str, message: str, hint: str) -> None:
        self._problems.append(Problem(code=code, place=self._place, message=message, hint=hint))

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on behind this block when a file in it is at fault."""
        try:
            yield
        except FileTrouble as trouble:
            self.add(trouble.code, trouble.message, trouble.hint)


def sender_address(project: Project, language: Language) -> Address:
    """The From address as it goes on the wire, named in the language. Raises InputError."""
    sender = project.settings.sender
    address = _address(sender.address)
    return Address(spec=address.spec, name=in_language(sender.name, language), shown=address.shown)


@lru_cache(maxsize=16)
def _address(text: str) -> Address:
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise InputError(say('"{address}" is not a mail address', address=text)) from error
    spec = found.ascii_email or f"{found.local_part}@{found.ascii_domain}"
    return Address(spec=spec, shown=found.normalized)


def _subject(halves: Sequence[Any]) -> str:
    first, *more = halves
    return " / ".join([first.subject, *(half.short or half.subject for half in more)])


def _unsubscribe(address: Address, campaign: str) -> str:
    return f"mailto:{quote(address.spec, safe='@')}?subject=unsubscribe%20{quote(campaign)}"


def _sources(
    attachment: Attachment,
    recipient: Recipient,
    languages: Sequence[Language],
    faults: _Faults,
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


def _unwritable(mail: Mail, place: Place) -> Iterator[Problem]:
    """Why a mail cannot be written safely, or not be sent at all."""
    if attached_bytes(mail) > ATTACHMENTS_LIMIT:
        yield Problem(
            code="attachments-too-large",
            place=place,
            message=say(
                "attachments and pictures have {size:.1f} MB, more than {limit} MB",
                size=attached_bytes(mail) / 2**20,
                limit=ATTACHMENTS_LIMIT >> 20,
            ),
            hint=say("put the files online and link to them"),
        )
    try:
        check_writable(mail)
    except ValueError as error:
        yield Problem(
            code="header-unsafe",
            place=place,
            message=say("a header cannot be written: {cause}", cause=error),
            hint=say("remove line breaks and control characters from names, subject and settings"),
        )
