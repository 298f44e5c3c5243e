"""Composing an article: the campaign's words in one language, its cover and its pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Protocol

from announce.channels.wechat.limits import SOURCE, media_type, picture_name
from announce.errors import InputError
from announce.model.base import in_language
from announce.model.campaign import ArticlePlan, Campaign
from announce.model.languages import Language
from announce.model.message import Article, Blob
from announce.model.plan import Planned
from announce.model.project import Project
from announce.problems import Place, Problem
from announce.texts import say

Load = Callable[[str], bytes]


class ArticleRenderer(Protocol):
    """What is asked of rendering: a language's words, and their HTML in a theme."""

    def words(
        self, *, language: Language, channel: Any, variant: None, recipient: None, occurrence: str
    ) -> Any: ...

    def article_html(self, words: Any, theme: str) -> str: ...


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

    def compose(self, line: Planned) -> Article:
        """The article of one line of the plan.

        Raises InputError for a file that cannot be read, and what rendering raises for faults
        of the template. Whether the platform will take it is `limits.check`'s to say.
        """
        plan = line.article
        if plan is None:
            raise TypeError("a line of the plan without an article")
        words = self._renderer.words(
            language=plan.language,
            channel="wechat",
            variant=None,
            recipient=None,
            occurrence=line.delivery.key.occurrence,
        )
        content, pictures = self._pictures(
            self._renderer.article_html(words, plan.theme), plan.language
        )
        return Article(
            language=plan.language,
            title=words.article_title or words.subject,
            summary=words.article_digest or words.preheader,
            author=self._author(plan),
            html=content,
            original_url=plan.original_url or "",
            cover=self._blob(PurePosixPath(plan.cover).name, plan.cover),
            pictures=pictures,
        )

    def _author(self, plan: ArticlePlan) -> str:
        if plan.author is not None:
            return plan.author
        author = self._project.settings.wechat.author
        return "" if author is None else in_language(author, plan.language)

    def _pictures(self, content: str, language: Language) -> tuple[str, tuple[Blob, ...]]:
        """The pictures that the HTML shows, each once; one from afar gets its address."""
        blobs: dict[str, Blob] = {}

        def place(match: re.Match[str]) -> str:
            name = picture_name(match[2] if match[2] is not None else match[3])
            listed = self._campaign.pictures.get(name) if name is not None else None
            if name is None or listed is None:
                return match[0]
            source = in_language(listed, language)
            if re.match(r"https?://", source):
                return f'{match[1]}"{html.escape(source)}"'
            if name not in blobs:
                blobs[name] = self._blob(name, source)
            return match[0]

        return SOURCE.sub(place, content), tuple(blobs.values())

    def _blob(self, name: str, path: str) -> Blob:
        data = self._load(path)
        return Blob(name=name, media_type=media_type(data) or "application/octet-stream", data=data)

    def _from_folder(self, path: str) -> bytes:
        try:
            return (self._project.root / path).read_bytes()
        except OSError as error:
            problem = self._unreadable(path, error)
            raise InputError(problem.message, problems=[problem], hint=problem.hint) from error

    def _unreadable(self, path: str, error: OSError) -> Problem:
        file, root = self._campaign.path, self._project.root
        shown = file.relative_to(root) if file.is_relative_to(root) else file
        return Problem(
            code="file-unreadable",
            place=Place(file=str(shown)),
            message=say("{file} cannot be read: {cause}", file=path, cause=error.strerror or ""),
            hint=say("check the file and its rights"),
        )
