"""What the messages of a plan say, looked at by the checks: on one example of each text there is,
in every language of the campaign; and the rows that fill them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from announce.checks import decisions, names
from announce.checks.deliverability import mail_doubts
from announce.checks.parity import disagreements
from announce.checks.typography import typography
from announce.checks.when import date_doubts, order_doubts
from announce.composing import Composer
from announce.gathering import Gathered, shown
from announce.model.languages import Language
from announce.model.message import Mail
from announce.model.moment import Deadline
from announce.model.plan import Plan, Planned
from announce.model.sample import Sample
from announce.problems import Place, Problem
from announce.reading.audiences.known import read_known
from announce.reading.campaigns import promised_languages


def examine(gathered: Gathered, plan: Plan, composer: Composer, now: datetime) -> list[Problem]:
    """Every finding, each once. The messages must have been composed already."""
    return list(dict.fromkeys(_Examiner(gathered, plan, composer, now).findings()))


class _Examiner:
    def __init__(self, gathered: Gathered, plan: Plan, composer: Composer, now: datetime) -> None:
        self.gathered, self.plan, self.composer = gathered, plan, composer
        self.project, self.campaign = gathered.project, gathered.campaign
        self.place = Place(file=shown(self.campaign.path, self.project.root))
        self.zone = ZoneInfo(self.project.settings.timezone)
        self.judged = self._judged(now)

    def findings(self) -> Iterator[Problem]:
        """Of the facts, the rows, then the messages."""
        yield from order_doubts(self.campaign.facts, self.place)
        if self.gathered.audience.recipients:
            yield from self._rows()
        languages = promised_languages(self.project, self.campaign)
        for position in self.composer.examples:
            line = self.plan.lines[position]
            for kind in (None, *(line.article.kinds if line.article else ())):
                samples: dict[Language, Sample] = {}
                for language in languages:
                    sample = self.composer.sample(line, language, kind)
                    if sample is not None:
                        samples[language] = sample
                yield from self._samples(line, samples)
            yield from self._mail(line)

    def _judged(self, now: datetime) -> datetime:
        """The moment that dates are judged by, as `checks.dates.past_facts` has it."""
        as_of = self.campaign.as_of
        now = self.campaign.occurrence.measured or now
        if isinstance(as_of, Deadline):
            return as_of.local
        return datetime.combine(as_of, time.min, self.zone) if as_of else now.astimezone(self.zone)

    @cached_property
    def rows(self) -> decisions.Rows:
        """The audience's rows."""
        people = self.gathered.audience.recipients
        by = self.campaign.template.by if self.campaign.template else None
        return decisions.Rows(people.rows(), people.columns, people.file, by)

    def _rows(self) -> Iterator[Problem]:
        people = self.gathered.audience.recipients
        yield from names.row_doubts(people.rows(), people.columns, people.file)
        if self.campaign.template is not None:
            yield from decisions.row_doubts(self.rows)
        known = read_known(self.project, self.campaign)
        if known is not None:
            yield from known.problems
            if not known.problems and self.campaign.audience:
                key = self.campaign.audience.key
                yield from decisions.known_doubts(self.rows, known.rows, known.file, key)

    def _samples(self, line: Planned, samples: dict[Language, Sample]) -> Iterator[Problem]:
        if len(samples) == 2:
            values = line.recipient.fields if line.recipient else {}
            yield from disagreements(samples["zh"], samples["en"], values)
        for language, sample in samples.items():
            yield from date_doubts(sample, self.judged, scheduled=bool(self.campaign.schedule))
            yield from typography(sample)
            yield from decisions.word_doubts(sample)
            if language in line.languages:  # the others are read by nobody with these values
                yield from names.sample_doubts(sample)
                yield from self._identities(line, sample)

    def _identities(self, line: Planned, sample: Sample) -> Iterator[Problem]:
        people = self.gathered.audience.recipients
        number = people.find(line.recipient.key) if line.recipient else None
        if number is not None and self.campaign.template is not None:
            settings = self.project.settings
            known = [settings.sender.address, settings.sender.reply_to or ""]
            yield from decisions.identity_doubts(sample, people.row(number), self.rows, known)

    def _mail(self, line: Planned) -> Iterator[Problem]:
        if line.delivery.key.channel != "email":
            return
        mail = self.composer.compose(line)
        if isinstance(mail, Mail):
            announces = self.campaign.purpose == "announcement"
            smtp = self.project.settings.email.smtp
            yield from mail_doubts(mail, self.place, announces=announces, smtp=smtp)
