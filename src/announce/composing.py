"""Third step: the message of one line of the plan; and once more, for the send.

See `first_pass` for the whole plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from announce.channels.email.check import check_mail
from announce.channels.email.compose import MailComposer
from announce.channels.email.mime import digest as mail_digest
from announce.channels.notice.compose import NoticeComposer
from announce.channels.notice.fields import Forms
from announce.channels.notice.fields import check as check_notice
from announce.content import FILE
from announce.errors import InputError, StoppedError
from announce.gathering import Gathered
from announce.model.campaign import channels_of
from announce.model.languages import Language
from announce.model.message import Article, Mail, Message, Notice
from announce.model.plan import Planned
from announce.model.sample import Sample
from announce.planning import shown, variant_of
from announce.problems import Place, Problem, did_you_mean, errors_in
from announce.reading.campaigns import promised_languages
from announce.rendering.book import TemplateBook
from announce.rendering.faults import TemplateFault
from announce.rendering.names import shared_names
from announce.rendering.renderer import FOOTER, Renderer, Shape
from announce.texts import say

if TYPE_CHECKING:
    from announce.channels.wechat.compose import ArticleComposer


class Composer:
    """Makes the message of a line of the plan. Not to be shared between threads."""

    def __init__(self, gathered: Gathered) -> None:
        project, campaign = gathered.project, gathered.campaign
        book = TemplateBook(project.root, project.languages)
        self._book, self._gathered = book, gathered
        self._told: set[tuple[str, str, str]] = set()
        self._renderer = Renderer(book, project=project, campaign=campaign)
        self._mails = MailComposer(project, campaign, self._renderer)
        self._notices = NoticeComposer(campaign, self._renderer)
        # Which fields each template of notices is given: asked of the account before the first.
        self.notice_forms = Forms()
        self._place = Place(file=shown(campaign.path, project.root))
        self._login = project.settings.email.smtp
        self._others: dict[tuple[str, str, str | None], int] = {}
        self._beside: list[int] = []

    @cached_property
    def _articles(self) -> ArticleComposer:
        # Imported by campaigns that have articles only.
        from announce.channels.wechat.compose import ArticleComposer

        return ArticleComposer(self._gathered.project, self._gathered.campaign, self._renderer)

    def hold_to(self, content: Mapping[str, str]) -> None:
        """Make no mail with files that are not what the plan's content says: StoppedError."""
        files = {name: known for name, known in content.items() if name.startswith(FILE)}
        self._mails.hold_to({name.removeprefix(FILE): known for name, known in files.items()})

    def compose(self, line: Planned) -> Message:
        """The finished message. InputError with the template's or the row's faults."""
        try:
            if line.delivery.key.channel != "email":
                self._is_example(line)
            if line.article:
                return self._articles.compose(line)
            is_notice = line.delivery.key.channel == "notice"
            return (self._notices if is_notice else self._mails).compose(line)
        except TemplateFault as fault:
            raise InputError(fault.problem.message, problems=self._new(fault)) from fault

    def shape(self, line: Planned) -> Hashable | None:
        """What a mail has in common with all others that differ from it by printed values only;
        None where that cannot be told, or it is no mail."""
        return self._mails.shape(line) if line.delivery.key.channel == "email" else None

    def outline(self, shape: Hashable) -> tuple[str, str]:
        """The subject and the text of such a shape, names in place of values."""
        assert isinstance(shape, Shape)
        return self._renderer.outline(shape)

    def _new(self, fault: TemplateFault) -> list[Problem]:
        """The fault, unless another recipient's message showed it already."""
        sign = (fault.problem.code, str(fault.problem.place), fault.what)
        if sign in self._told:
            return []
        self._told.add(sign)
        return [fault.problem]

    def _is_example(self, line: Planned) -> None:
        variant = variant_of(self._gathered.campaign, line.recipient)
        kind = (line.delivery.key.channel, line.delivery.language, variant)
        self._others.setdefault(kind, line.delivery.position)

    @property
    def examples(self) -> list[int]:
        """The positions of lines that together show all the texts there are: the first of each
        shape that was composed, here or in another process."""
        return sorted({*self._mails.examples, *self._others.values(), *self._beside})

    def met(self, examples: Iterable[int], forms: Iterable[Notice]) -> list[Problem]:
        """Hear of the examples and of the forms of notices that another process composed; faults
        that only show where both are known."""
        self._beside += examples
        return [problem for form in forms for problem in self.notice_forms.add(form)]

    def sample(self, line: Planned, language: Language, kind: str | None = None) -> Sample | None:
        """The words of a line's message in one language, be it the reader's or not; None where the
        template cannot be rendered for it, or there is none. `kind` is a further article's."""
        try:
            return self._renderer.sample(
                language=language,
                channel=line.delivery.key.channel,
                variant=variant_of(self._gathered.campaign, line.recipient),
                recipient=line.recipient,
                kind=kind,
            )
        except TemplateFault:
            return None

    @property
    def processes(self) -> int | None:
        """How many processes are to compose; None where nobody said."""
        return self._gathered.project.settings.email.processes

    def check(self, message: Message, *, due: bool = True) -> list[Problem]:
        """Faults and doubts of a finished message that need no network to see; `due` is whether
        it may still be sent."""
        if isinstance(message, Mail):
            return check_mail(message, self._place, self._login)
        if isinstance(message, Notice):
            others = self.notice_forms.add(message) if due else []
            return [*others, *check_notice(message)]
        from announce.channels.wechat.limits import check as check_article

        return [*self._articles.notices(), *check_article(message, self._place)]

    def problems(self) -> list[Problem]:
        """What is wrong with the campaign's templates, without rendering any."""
        project, campaign = self._gathered.project, self._gathered.campaign
        people = self._gathered.audience.recipients
        by = campaign.template.by if campaign.template else None
        known = set(self._book.variants(campaign.kind))
        variants = sorted(people.counts(by).keys() & known) if by and people else ()
        languages = promised_languages(project, campaign)
        found = []
        if campaign.addresses_people and people:
            # Without any known variant the rows are at fault, and told below.
            own = [one for one in channels_of(campaign) if one != "wechat"]
            found += self._book.problems(
                campaign.kind,
                languages=languages,
                channels=own if variants or not (by and known) else [],
                variants=variants,
            )
        further = (kind for article in campaign.wechat for kind in article.kinds)
        kinds = list(dict.fromkeys([campaign.kind, *further]))
        if campaign.wechat:
            for kind in kinds:
                found += self._book.problems(kind, languages=languages, channels=["wechat"])
        if not errors_in(found):
            for language in languages:
                known_names = self._known(language)
                for kind in kinds:
                    found += self._book.unknown_names(kind, language, known_names, also=FOOTER)
        return list(dict.fromkeys([*self._unknown_variants(by), *found]))

    def _known(self, language: Language) -> dict[str, Any]:
        """What templates of the campaign may name, without the values of any one message."""
        people = self._gathered.audience.recipients
        columns = people[0].fields.keys() if people else ()
        own = ("key", "name", "names", "address", "addresses", "language")
        return {
            **shared_names(self._gathered.project, self._gathered.campaign, language),
            **dict.fromkeys(("channel", "unsubscribe")),
            "recipient": dict.fromkeys([*columns, *own]) if people else None,
        }

    def _unknown_variants(self, by: str | None) -> list[Problem]:
        """Rows that pick a variant there is no template for, unless one without variant serves."""
        campaign, people = self._gathered.campaign, self._gathered.audience.recipients
        known = self._book.variants(campaign.kind)
        plain = any(self._book.has(f"{campaign.kind}.md.j2", one) for one in self._book.languages)
        if not known:
            # There is no template at all, which is told of the kind.
            return []
        if not by or plain or not (people and people.counts(by).keys() - set(known)):
            return []
        return [
            Problem(
                code="variant-unknown",
                place=one.place,
                message=say(
                    '{column} is "{value}", and there is no template for that',
                    column=by,
                    value=one.fields.get(by, ""),
                ),
                hint=did_you_mean(one.fields.get(by, ""), known),
            )
            for one in people
            if one.fields.get(by, "") not in known
        ]

    def sources(self) -> list[str]:
        """The template files that the campaign may use. InputError where one is at fault."""
        try:
            return self._renderer.sources()
        except TemplateFault as fault:
            raise InputError(fault.problem.message, problems=[fault.problem]) from fault


def compose_again(line: Planned, composer: Composer) -> Message:
    """The message of a line that was checked, composed once more. StoppedError where it moved
    since."""
    try:
        message = composer.compose(line)
    except InputError as error:
        raise StoppedError(
            say("a file of the campaign broke while sending: {cause}", cause=error.message),
            hint=say("mend it, then run again: the rest is planned"),
        ) from error
    if digest_of(message) != line.delivery.digest:
        raise StoppedError(
            say("the message for {key} changed while sending", key=line.delivery.key.recipient),
            hint=say("a template, picture or attachment was edited; run again"),
        )
    return message


def digest_of(message: Message) -> str:
    """Digest of a message's bytes, without Date, Message-ID and the addresses uploads get."""
    if isinstance(message, Mail):
        return mail_digest(message)
    if isinstance(message, Notice):
        return _notice_digest(message)
    return _article_digest(message)


def subject_of(message: Message) -> str:
    """What a list of messages shows: the subject, or an article's title."""
    return message.title if isinstance(message, Article) else message.subject


def _notice_digest(notice: Notice) -> str:
    state = hashlib.sha256()
    own = (notice.use, notice.template_id, notice.openid, notice.link)
    for word in (*own, *(word for field in notice.fields for word in field)):
        state.update(word.encode() + b"\0")
    return state.hexdigest()[:32]


def _article_digest(message: Article) -> str:
    state = hashlib.sha256()
    for article in message.articles:
        words = (
            article.language,
            article.title,
            article.summary,
            article.author,
            article.html,
            article.original_url,
            article.comments,
        )
        for word in words:
            state.update(word.encode() + b"\0")
        for blob in (article.cover, *article.pictures):
            state.update(blob.name.encode() + b"\0" + hashlib.sha256(blob.data).digest())
    return state.hexdigest()[:32]
