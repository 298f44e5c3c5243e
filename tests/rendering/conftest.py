"""A small project in a temporary folder, with templates of the test's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from studio import CAMPAIGN, HEAD, LAYOUTS, SETTINGS, Studio

from announce.model.audience import Recipient
from announce.model.campaign import Campaign
from announce.model.project import Project, Settings
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer
from announce.rendering.words import Words


@pytest.fixture
def studio(tmp_path: Path) -> Callable[..., Studio]:
    """Makes a project: template texts by path, and what its campaign says."""

    def make(templates: dict[str, str], **campaign: Any) -> Studio:
        for name, text in templates.items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        shutil.copytree(LAYOUTS, tmp_path / "templates" / "layouts", dirs_exist_ok=True)
        project = Project(root=tmp_path, settings=Settings.model_validate(SETTINGS))
        said = Campaign.model_validate({**CAMPAIGN, **campaign})
        book = TemplateBook(tmp_path, ("zh", "en"))
        return Studio(
            root=tmp_path,
            book=book,
            renderer=Renderer(book, project=project, campaign=said),
            plain=Renderer(book, project=project, campaign=said, memo=False),
        )

    return make


@pytest.fixture
def note(studio: Callable[..., Studio]) -> Callable[..., Words]:
    """The words of one English e-mail: a body, and what the campaign says."""

    def make(body: str, someone: Recipient | None = None, **campaign: Any) -> Words:
        return studio({"en/note.md.j2": HEAD + body}, **campaign).words(someone)

    return make
