"""Third step: every message is composed before the first leaves, so a fault in the last one
stops the first.

The first pass keeps a digest of each message and drops it; the send composes again and refuses
a message whose digest moved in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from announce.channels.email.check import check_mail
from announce.channels.email.compose import MailComposer
from announce.channels.email.mime import digest as mail_digest
from announce.errors import InputError, StoppedError
from announce.forking import Aside, can_fork
from announce.gathering import Gathered
from announce.model.delivery import State
from announce.model.languages import Language
from announce.model.message import Article, Mail, Message
from announce.model.plan import Plan, Planned, Sums, packed
from announce.planning import shown
from announce.problems import Place, Problem, did_you_mean, errors_in
from announce.reading.campaigns import promised_languages
from announce.rendering.book import TemplateBook
from announce.rendering.faults import TemplateFault
from announce.rendering.names import shared_names
from announce.rendering.renderer import FOOTER, Renderer
from announce.spool import Spool
from announce.texts import say

if TYPE_CHECKING:
    from announce.channels.wechat.compose import ArticleComposer

# So many different faults are gathered before composing the rest is given up.
ENOUGH_FAULTS = 25
ENOUGH_LINES = 500  # messages spoilt, by however few faults
WORTH_SHARING = 4000  # messages from which a second process pays
SHARE = 0.45  # of them composed here: what the other one made is counted here, too


class Composer:
    """Makes the message of a line of the plan. Not to be shared between threads."""

    def __init__(self, gathered: Gathered) -> None:
        project, campaign = gathered.project, gathered.campaign
        book = TemplateBook(project.root, project.languages)
        self._book, self._gathered = book, gathered
        self._told: set[tuple[str, str, str]] = set()
        self._renderer = Renderer(book, project=project, campaign=campaign)
        self._mails = MailComposer(project, campaign, self._renderer)
        self._place = Place(file=shown(campaign.path, project.root))
        self._login = project.settings.email.smtp

    @cached_property
    def _articles(self) -> ArticleComposer:
        # Imported by campaigns that have articles only.
        from announce.channels.wechat.compose import ArticleComposer

        return ArticleComposer(self._gathered.project, self._gathered.campaign, self._renderer)

    def compose(self, line: Planned) -> Message:
        """The finished message. InputError with the template's or the row's faults."""
        try:
            return self._articles.compose(line) if line.article else self._mails.compose(line)
        except TemplateFault as fault:
            raise InputError(fault.problem.message, problems=self._new(fault)) from fault

    def _new(self, fault: TemplateFault) -> list[Problem]:
        """The fault, unless another recipient's message showed it already."""
        sign = (fault.problem.code, str(fault.problem.place), fault.what)
        if sign in self._told:
            return []
        self._told.add(sign)
        return [fault.problem]

    @property
    def may_share(self) -> bool:
        """Whether a second process may compose a part of the messages."""
        return self._gathered.project.settings.email.processes != 1

    def check(self, message: Message) -> list[Problem]:
        """Faults and doubts of a finished message that need no network to see."""
        if isinstance(message, Mail):
            return check_mail(message, self._place, self._login)
        from announce.channels.wechat.limits import check as check_article

        return check_article(message, self._place)

    def problems(self) -> list[Problem]:
        """What is wrong with the campaign's templates, without rendering any."""
        project, campaign = self._gathered.project, self._gathered.campaign
        people = self._gathered.audience.recipients
        by = campaign.template.by if campaign.template else None
        known = set(self._book.variants(campaign.kind))
        variants = sorted(people.counts(by).keys() & known) if by and people else ()
        languages = promised_languages(project, campaign)
        found = []
        if campaign.email and people:
            # Without any known variant the rows are at fault, and told below.
            found += self._book.problems(
                campaign.kind,
                languages=languages,
                channels=["email"] if variants or not by else [],
                variants=variants,
            )
        if campaign.wechat:
            found += self._book.problems(campaign.kind, languages=languages, channels=["wechat"])
        if not errors_in(found):
            for language in languages:
                found += self._book.unknown_names(
                    campaign.kind, language, self._known(language), also=FOOTER
                )
        return list(dict.fromkeys([*self._unknown_variants(by), *found]))

    def _known(self, language: Language) -> dict[str, Any]:
        """What templates of the campaign may name, without the values of any one message."""
        people = self._gathered.audience.recipients
        columns = people[0].fields.keys() if people else ()
        own = ("key", "name", "names", "address", "addresses", "language")
        return {
            **shared_names(self._gathered.project, self._gathered.campaign, language),
            **dict.fromkeys(("channel", "occurrence", "unsubscribe")),
            "recipient": dict.fromkeys([*columns, *own]) if people else None,
        }

    def _unknown_variants(self, by: str | None) -> list[Problem]:
        """Rows that pick a variant there is no template for, unless one without variant serves."""
        campaign, people = self._gathered.campaign, self._gathered.audience.recipients
        known = self._book.variants(campaign.kind)
        plain = any(self._book.has(f"{campaign.kind}.md.j2", one) for one in self._book.languages)
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


def compose_all(
    plan: Plan, composer: Composer, seen: Callable[[Planned, Message], None] | None = None
) -> Plan:
    """The plan with every message's subject and digest, and all problems found on the way.

    `seen` is shown each message, which is then dropped. Skipped lines have no message.
    """
    pass_one = _FirstPass(plan, composer, seen)
    shared = seen is None and composer.may_share and len(plan.lines) >= WORTH_SHARING
    if shared and can_fork():
        pass_one.shared()
    else:
        pass_one.alone(iter(plan.lines))
    lines = plan.lines.composed(pass_one.messages, pass_one.sums)
    return replace(plan, lines=lines, problems=tuple(pass_one.problems.all))


class _FirstPass:
    """Composes and checks every line, and keeps subject and digest."""

    def __init__(
        self, plan: Plan, composer: Composer, seen: Callable[[Planned, Message], None] | None
    ) -> None:
        self.plan, self.composer, self.seen = plan, composer, seen
        self.problems = _Distinct(plan.problems)
        self.messages: Spool[tuple[str, bytes] | None] = Spool()
        self.sums = Sums()

    def alone(self, lines: Iterable[Planned]) -> None:
        """Compose these, one after the other."""
        for line in lines:
            subject = digest = ""
            if line.delivery.state is not State.SKIPPED and not self.problems.enough:
                subject, digest = _composed(line, self.composer, self.problems, self.seen)
            self._keep(line, subject, digest)

    def shared(self) -> None:
        """Compose the first lines here and the others in a second process meanwhile. Where that
        one meets a fault, its lines are composed here once more, so that faults are told alike."""
        lines, here = iter(self.plan.lines), int(len(self.plan.lines) * SHARE)
        with Aside(partial(self._rest, here)) as aside:
            self.alone(islice(lines, here))
            found = None if self.problems.enough else aside.values()
            if found is None:
                self.alone(lines)
                return
            for line, (subject, digest, told) in zip(lines, found, strict=True):
                self.problems.add(told)
                self._keep(line, subject, digest)

    def _rest(self, begin: int) -> Iterator[tuple[str, str, list[Problem]]]:
        """Subject, digest and doubts of each line from there on; an error ends it."""
        lines = self.plan.lines
        for at in range(begin, len(lines)):
            line = lines[at]
            if line.delivery.state is State.SKIPPED:
                yield "", "", []
                continue
            message = self.composer.compose(line)
            told = self.composer.check(message)
            if errors_in(told):
                raise InputError("", problems=told)
            yield subject_of(message), digest_of(message), told

    def _keep(self, line: Planned, subject: str, digest: str) -> None:
        self.messages.append(packed(subject, digest) if digest else None)
        self.sums.add(line.delivery, digest)


def compose_again(line: Planned, composer: Composer) -> Message:
    """The message of a line, the same that was checked. StoppedError where it moved since."""
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
    return _article_digest(message)


def subject_of(message: Message) -> str:
    """What a list of messages shows: the subject, or an article's title."""
    return message.subject if isinstance(message, Mail) else message.title


def _composed(
    line: Planned,
    composer: Composer,
    problems: _Distinct,
    seen: Callable[[Planned, Message], None] | None,
) -> tuple[str, str]:
    """Subject and digest of a line's message; both "" where it cannot be made."""
    try:
        message = composer.compose(line)
    except InputError as error:
        problems.spoilt(error.problems)
        return "", ""
    problems.add(composer.check(message))
    subject, digest = subject_of(message), digest_of(message)
    if seen:
        delivery = replace(line.delivery, subject=subject, digest=digest)
        seen(replace(line, delivery=delivery), message)
    return subject, digest


class _Distinct:
    """Problems without repeats: one fault of a template shows up for every recipient."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.all: list[Problem] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._faults = 0
        self._lines = 0
        self.add(problems)
        self._faults = 0

    @property
    def enough(self) -> bool:
        return self._faults >= ENOUGH_FAULTS or self._lines >= ENOUGH_LINES

    def spoilt(self, problems: Iterable[Problem]) -> None:
        """One more message that could not be made, with what is new about it."""
        self._lines += 1
        self.add(problems)

    def add(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            sign = (problem.code, str(problem.place), problem.message)
            if sign not in self._seen:
                self._seen.add(sign)
                self.all.append(problem)
                self._faults += problem.is_error


def _article_digest(article: Article) -> str:
    state = hashlib.sha256()
    words = (
        article.language,
        article.title,
        article.summary,
        article.author,
        article.html,
        article.original_url,
    )
    for word in words:
        state.update(word.encode() + b"\0")
    for blob in (article.cover, *article.pictures):
        state.update(blob.name.encode() + b"\0" + hashlib.sha256(blob.data).digest())
    return state.hexdigest()[:32]
