"""Composing a message: an article a kind and language, with covers and pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple, Protocol

from announce.channels.wechat.covers import Covers
from announce.channels.wechat.figures import SOURCE, picture_name
from announce.channels.wechat.kinds import media_type
from announce.channels.wechat.pictures import Fitter
from announce.errors import InputError
from announce.model.base import Localised, in_language
from announce.model.campaign import ArticlePlan, Campaign
from announce.model.languages import Language
from announce.model.message import Article, Blob
from announce.model.plan import Planned
from announce.model.project import Project
from announce.problems import Place, Problem, Severity
from announce.rendering.qr import qr_address, qr_file, qr_png
from announce.texts import say

Load = Callable[[str], bytes]


class ArticleRenderer(Protocol):
    """What is asked of rendering: a language's words, their HTML in a theme, and its colours."""

    def words(
        self,
        *,
        language: Language,
        channel: Any,
        variant: None,
        recipient: None,
        kind: str | None,
    ) -> Any: ...

    def article_html(self, words: Any, theme: str) -> str: ...

    def cover_colours(self, theme: str) -> Mapping[str, str]: ...


class _Part(NamedTuple):
    """One article of a message; `kind` is None for the campaign's own."""

    language: Language
    kind: str | None
    cover: str | None
    author: str
    original_url: str


class ArticleComposer:
    """Makes the articles of one campaign.

    `load` gives the bytes of a file named relative to the project; its default reads from the
    project's folder, where reading has seen that the file is there and lies within.
    """

    def __init__(
        self,
        project: Project,
        campaign: Campaign,
        renderer: ArticleRenderer,
        *,
        load: Load | None = None,
    ) -> None:
        self._project = project
        self._campaign = campaign
        self._renderer = renderer
        self._load = load or self._from_folder
        file, root = campaign.path, project.root
        shown = file.relative_to(root) if file.is_relative_to(root) else file
        self._place = Place(file=str(shown))
        self._fitter = Fitter(self._place)
        self._covers = Covers(project, campaign, self._place)
        self._doubts: list[Problem] = []

    def compose(self, line: Planned) -> Article:
        """The message of one line of the plan: its first article, with the further ones.

        Raises InputError for a file that cannot be read and a cover that cannot be made, and
        what rendering raises for faults of the template. Whether the platform will take it is
        `limits.check`'s to say.
        """
        plan = line.article
        if plan is None:
            raise TypeError("a line of the plan without an article")
        parts = list(self._parts(plan))
        first, *seconds = (self._article(part, plan, alone=len(parts) == 1) for part in parts)
        return replace(first, deliver=plan.deliver, tag=plan.tag or "", seconds=tuple(seconds))

    def notices(self) -> list[Problem]:
        """What was done to pictures to make them fit, and what leads nowhere, as warnings: all
        since this was last asked."""
        doubts, self._doubts = self._doubts, []
        return [*self._fitter.told(), *doubts]

    def _parts(self, plan: ArticlePlan) -> Iterator[_Part]:
        """The articles in their order: each kind in all languages, the campaign's own first."""
        for language in plan.languages:
            yield self._part(plan, language)
        for further in plan.also:
            for language in plan.languages:
                own = self._part(plan, language)
                yield own._replace(
                    kind=further.kind,
                    cover=_in(further.cover, language),
                    author=_either(_in(further.author, language), own.author),
                    original_url=_either(_in(further.original_url, language), own.original_url),
                )

    def _part(self, plan: ArticlePlan, language: Language) -> _Part:
        settled = _in(self._project.settings.wechat.author, language)
        return _Part(
            language=language,
            kind=None,
            cover=_in(plan.cover, language),
            author=_either(_in(plan.author, language), settled or ""),
            original_url=_in(plan.original_url, language) or "",
        )

    def _article(self, part: _Part, plan: ArticlePlan, *, alone: bool) -> Article:
        words = self._renderer.words(
            language=part.language,
            channel="wechat",
            variant=None,
            recipient=None,
            kind=part.kind,
        )
        written = self._renderer.article_html(words, plan.theme)
        if words.points_to_original and not part.original_url:
            self._doubts.append(self._leads_nowhere(part.language))
        content, pictures = self._pictures(written, part.language)
        cover = self._cover(part, words, plan.theme)
        return Article(
            language=part.language,
            title=words.article_title or words.subject,
            # The platform takes a digest for an article that is alone only.
            summary=(words.article_digest or words.preheader) if alone else "",
            author=part.author,
            html=content,
            original_url=part.original_url,
            cover=cover,
            pictures=pictures,
            crops=self._covers.crops(cover),
            comments=plan.comments,
        )

    def _leads_nowhere(self, language: Language) -> Problem:
        return Problem(
            code="wechat-original-nowhere",
            severity=Severity.WARNING,
            place=self._place,
            message=say(
                "the article ({language}) points to “read original”, and there is nothing to tap",
                language=language,
            ),
            hint=say("set original_url of the article, or take the box ::: original out"),
        )

    def _cover(self, part: _Part, words: Any, theme: str) -> Blob:
        if part.cover is not None:
            return self._fitter.cover(self._blob(PurePosixPath(part.cover).name, part.cover))
        return self._covers.made(words, part.language, self._renderer.cover_colours(theme))

    def _pictures(self, content: str, language: Language) -> tuple[str, tuple[Blob, ...]]:
        """The pictures that the HTML shows, each once; one from afar gets its address."""
        blobs: dict[str, Blob] = {}

        def place(match: re.Match[str]) -> str:
            name = picture_name(match[2] if match[2] is not None else match[3])
            if name is None:
                return match[0]
            if url := qr_address(name):
                blob = Blob(name=qr_file(url), media_type="image/png", data=qr_png(url))
                blobs.setdefault(blob.name, blob)
                return f'{match[1]}"picture:{blob.name}"'
            listed = self._campaign.pictures.get(name)
            if listed is None:
                return match[0]
            source = in_language(listed, language)
            if re.match(r"https?://", source):
                return f'{match[1]}"{html.escape(source)}"'
            if name not in blobs:
                blobs[name] = self._fitter.picture(self._blob(name, source))
            return match[0]

        return SOURCE.sub(place, content), tuple(blobs.values())

    def _blob(self, name: str, path: str) -> Blob:
        data = self._load(path)
        return Blob(name=name, media_type=media_type(data) or "application/octet-stream", data=data)

    def _from_folder(self, path: str) -> bytes:
        try:
            return (self._project.root / path).read_bytes()
        except OSError as error:
            problem = Problem(
                code="file-unreadable",
                place=self._place,
                message=say(
                    "{file} cannot be read: {cause}", file=path, cause=error.strerror or ""
                ),
                hint=say("check the file and its rights"),
            )
            raise InputError(problem.message, problems=[problem], hint=problem.hint) from error


def _in(text: Localised | None, language: Language) -> str | None:
    return None if text is None else in_language(text, language)


def _either(nearer: str | None, farther: str) -> str:
    """The nearer one wins, an empty one too."""
    return farther if nearer is None else nearer
