"""The covers of a campaign's articles: made where none is named, and how they are cropped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from announce.channels.wechat.fonts import Fonts, FontTrouble, find_fonts
from announce.channels.wechat.kinds import pixels
from announce.errors import InputError
from announce.model.base import in_language
from announce.model.campaign import Campaign
from announce.model.languages import Language, other
from announce.model.message import Blob
from announce.model.project import Project
from announce.problems import Place, Problem


class Covers:
    """Makes covers, each once. `place` is where a problem with one is told."""

    def __init__(self, project: Project, campaign: Campaign, place: Place) -> None:
        self._project = project
        self._campaign = campaign
        self._place = place
        self._made: dict[tuple[Any, ...], bytes] = {}

    def made(self, words: Any, language: Language, colours: Mapping[str, str]) -> Blob:
        """A cover with the lines that the template has for it, else with the article's title.

        Raises InputError where there is no font, or the words do not fit.
        """
        from announce.channels.wechat.cover import make_cover  # for campaigns that need one

        lines = words.article_cover or self._lines(words, language)
        key = (tuple(lines), tuple(sorted(colours.items())))
        if key not in self._made:
            try:
                self._made[key] = make_cover(lines, colours, self._fonts)
            except FontTrouble as trouble:
                problem = Problem(
                    code="wechat-cover",
                    place=self._place,
                    message=trouble.message,
                    hint=trouble.hint,
                )
                raise InputError(
                    trouble.message, problems=[problem], hint=trouble.hint
                ) from trouble
        data = self._made[key]
        name = f"cover-{hashlib.sha256(data).hexdigest()[:12]}.png"
        return Blob(name=name, media_type="image/png", data=data)

    def _refused(self, trouble: FontTrouble) -> InputError:
        message, hint = trouble.message, trouble.hint
        problem = Problem(code="wechat-cover", place=self._place, message=message, hint=hint)
        return InputError(message, problems=[problem], hint=hint)

    def crops(self, cover: Blob) -> tuple[tuple[str, str], ...]:
        """Its middle, for the wide card and for the square one; none where its size is unknown.

        The platform's own cropping has failed for some covers that came by API (53402).
        """
        from announce.channels.wechat.cover import square_of, wide_of

        size = pixels(cover.data)
        return (("235_1", wide_of(*size)), ("1_1", square_of(*size))) if size else ()

    @cached_property
    def _fonts(self) -> Fonts:
        named = self._project.settings.wechat.font
        return find_fonts(self._project.root / named if named else None)

    def _lines(self, words: Any, language: Language) -> list[str]:
        """The article's title, the campaign's title in the other language, and whose it is."""
        lines = [words.article_title or words.subject]
        for text, tongue in (
            (self._campaign.title, other(language)),
            (self._project.settings.name, language),
        ):
            if isinstance(text, str) or tongue in text:
                lines.append(in_language(text, tongue))
        return list(dict.fromkeys(lines))
