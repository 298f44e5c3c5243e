"""Composing a mail: the words in the recipient's language or both, pictures, attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from announce.channels.email.check import ATTACHMENTS_LIMIT, attached_bytes
from announce.channels.email.enclosures import Enclosures, Faults, size_of
from announce.channels.email.mime import check_writable
from announce.channels.email.skeleton import Letterhead, Skeleton
from announce.errors import InputError
from announce.model.audience import Address, Recipient
from announce.model.base import in_language
from announce.model.campaign import Campaign
from announce.model.languages import Language
from announce.model.message import Blob, Mail
from announce.model.plan import Planned
from announce.model.project import Project
from announce.problems import Place, Problem
from announce.texts import say

if TYPE_CHECKING:
    from announce.rendering.pictures import Addresses
    from announce.rendering.shape import Filling, Page, Shape
    from announce.rendering.words import Words

# As settings hold it, nearly always; reading has refused domains that no mail can go to.
_PLAIN_ADDRESS = re.compile(
    r"[\w+-]+(?:\.[\w+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63}\Z", re.ASCII | re.IGNORECASE
)


_EXAMPLES = 64


class MailRenderer(Protocol):
    """What is asked of rendering: the shape of a mail and what one recipient fills into it, or,
    where there is none, a language's words and the parts of a mail made of them."""

    def filling(
        self,
        *,
        languages: tuple[Language, ...],
        variant: str | None,
        recipient: Recipient,
        unsubscribe: str,
    ) -> Filling | None: ...

    def page(self, shape: Shape, pictures: Addresses | None) -> Page: ...

    def words(
        self,
        *,
        language: Language,
        channel: Any,
        variant: str | None,
        recipient: Recipient | None,
        unsubscribe: str,
    ) -> Words: ...

    def mail_subject(self, halves: Sequence[Words]) -> str: ...

    def mail_html(
        self,
        halves: Sequence[Words],
        *,
        subject: str,
        pictures: Mapping[Language, Mapping[str, str]] | None,
    ) -> str: ...

    def mail_text(self, halves: Sequence[Words]) -> str: ...


class MailComposer:
    """Makes the mails of one campaign. Not shared between threads."""

    def __init__(self, project: Project, campaign: Campaign, renderer: MailRenderer) -> None:
        self._project = project
        self._campaign = campaign
        self._renderer = renderer
        self._enclosures = Enclosures(project, campaign)
        self._letterheads: dict[tuple[Language, ...], Letterhead] = {}
        # None for a shape whose mails have to be made one by one.
        self._skeletons: dict[Shape, Skeleton | None] = {}
        # The positions of the first mail of each shape, and of some that have none.
        self.examples: list[int] = []

    def hold_to(self, digests: Mapping[str, str]) -> None:
        """The digests that the files sent along have; another one stops the run."""
        self._enclosures.hold_to(digests)

    def compose(self, line: Planned) -> Mail:
        """The mail of one line of the plan.

        Raises InputError with every fault of files, addresses and headers, at the recipient's
        place; what rendering raises for faults of the template is left as it is.
        """
        if line.recipient is None:
            raise TypeError("a line of the plan without a recipient")
        letterhead = self._letterhead(line.languages)
        mail = self._filled(line, line.recipient, letterhead)
        if mail is None:
            self._is_example(line)
        return mail or self._written(line, line.recipient, letterhead)

    def _is_example(self, line: Planned) -> None:
        if len(self.examples) < _EXAMPLES:
            self.examples.append(line.delivery.position)

    def shape(self, line: Planned) -> Shape | None:
        """The shape of a line's mail; None where mails are made one by one."""
        assert line.recipient is not None
        filling = self._filling(line, line.recipient, self._letterhead(line.languages))
        return filling.shape if filling else None

    def _filling(
        self, line: Planned, recipient: Recipient, letterhead: Letterhead
    ) -> Filling | None:
        return self._renderer.filling(
            languages=letterhead.languages,
            variant=self._variant(recipient),
            recipient=recipient,
            unsubscribe=letterhead.answers,
        )

    def _filled(self, line: Planned, recipient: Recipient, letterhead: Letterhead) -> Mail | None:
        """The mail by its skeleton; None where it has none, or where something is wrong with it."""
        filling = self._filling(line, recipient, letterhead)
        if filling is None:
            return None
        try:
            skeleton = self._skeletons[filling.shape]
        except KeyError:
            skeleton = self._skeleton(filling.shape, recipient, letterhead)
            self._skeletons[filling.shape] = skeleton
            self._is_example(line)
        if skeleton is None:
            return None
        try:
            return self._by(skeleton, recipient, filling, letterhead)
        except ValueError:
            return None

    def _by(
        self, skeleton: Skeleton, recipient: Recipient, filling: Filling, letterhead: Letterhead
    ) -> Mail | None:
        if skeleton.attachments is not None:
            return skeleton.mail(recipient, filling, skeleton.attachments)
        faults = Faults(recipient.place)
        files = self._attachments(recipient, letterhead, faults)
        large = size_of((*skeleton.pictures, *files)) > ATTACHMENTS_LIMIT
        return None if faults.problems or large else skeleton.mail(recipient, filling, files)

    def _skeleton(
        self, shape: Shape, recipient: Recipient, letterhead: Letterhead
    ) -> Skeleton | None:
        faults = Faults(recipient.place)
        addresses, pictures = self._enclosures.pictures(shape.halves, letterhead.domain, faults)
        files = None
        if not self._enclosures.personal:
            files = self._attachments(recipient, letterhead, faults)
        if faults.problems or size_of((*pictures, *(files or ()))) > ATTACHMENTS_LIMIT:
            return None
        page = self._renderer.page(shape, addresses)
        try:
            return Skeleton(letterhead, page, shape.title, pictures, files)
        except ValueError:
            return None

    def _attachments(
        self, recipient: Recipient, letterhead: Letterhead, faults: Faults
    ) -> tuple[Blob, ...]:
        languages, domain = letterhead.languages, letterhead.domain
        return self._enclosures.attachments(recipient, languages, domain, faults)

    def _written(self, line: Planned, recipient: Recipient, letterhead: Letterhead) -> Mail:
        """The mail by itself, with everything that is wrong with it."""
        faults = Faults(recipient.place)
        halves = [
            self._renderer.words(
                language=language,
                channel="email",
                variant=self._variant(recipient),
                recipient=recipient,
                unsubscribe=letterhead.answers,
            )
            for language in letterhead.languages
        ]
        addresses, pictures = self._enclosures.pictures(halves, letterhead.domain, faults)
        subject = self._renderer.mail_subject(halves)
        mail = letterhead.mail(
            subject=subject,
            to=recipient.addresses,
            text=self._renderer.mail_text(halves),
            html=self._renderer.mail_html(halves, subject=subject, pictures=addresses),
            pictures=pictures,
            attachments=self._attachments(recipient, letterhead, faults),
        )
        problems = faults.problems or list(_unwritable(mail, recipient.place))
        if problems:
            key = recipient.key
            raise InputError(say("the mail for {key} cannot be made", key=key), problems=problems)
        return mail

    def _letterhead(self, languages: Sequence[Language]) -> Letterhead:
        key = tuple(languages)
        if key not in self._letterheads:
            self._letterheads[key] = self._new_letterhead(key)
        return self._letterheads[key]

    def _new_letterhead(self, languages: tuple[Language, ...]) -> Letterhead:
        sender, reply_to = sender_address(self._project, languages[0]), self._reply_to()
        announced = self._campaign.purpose == "announcement"
        answers = reply_to or sender
        return Letterhead(
            languages=languages,
            sender=sender,
            reply_to=reply_to,
            answers=answers.shown if announced else "",
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


def sender_address(project: Project, language: Language) -> Address:
    """The From address as it goes on the wire, named in the language. Raises InputError."""
    sender = project.settings.sender
    address = _address(sender.address)
    return Address(spec=address.spec, name=in_language(sender.name, language), shown=address.shown)


@lru_cache(maxsize=16)
def _address(text: str) -> Address:
    if _PLAIN_ADDRESS.match(text):
        local, _, domain = text.rpartition("@")
        spec = f"{local}@{domain.lower()}"
        return Address(spec=spec, shown=spec)
    # Slow to import, and hardly any sender's address needs it.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise InputError(say('"{address}" is not a mail address', address=text)) from error
    spec = found.ascii_email or f"{found.local_part}@{found.ascii_domain}"
    return Address(spec=spec, shown=found.normalized)


def _unsubscribe(address: Address, campaign: str) -> str:
    return f"mailto:{quote(address.spec, safe='@')}?subject=unsubscribe%20{quote(campaign)}"


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
