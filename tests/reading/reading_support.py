"""A project in a temporary folder, written piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from announce.model.audience import Audience
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Problem
from announce.reading.audiences import read_audience
from announce.reading.campaigns import read_campaign
from announce.reading.project import read_project

SETTINGS = """\
name: {zh: 研讨会, en: Workshop}
sender: {name: {zh: 程序委员会, en: Chairs}, address: chairs@example.org}
"""
CAMPAIGN = """\
campaign: cfp
kind: cfp
title: {zh: 征稿, en: Call}
audience: {file: audiences/people.csv}
email: {languages: recipient}
"""
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Folder:
    """A project's folder; each method writes what it is given and reads what comes of it."""

    root: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """A file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def settings(self, text: str) -> tuple[Project | None, list[Problem]]:
        """What is read from this announce.yaml."""
        self.write("announce.yaml", text)
        return read_project(self.root)

    def project(self) -> Project:
        """The project, which is without fault."""
        project, problems = read_project(self.root)
        assert problems == []
        assert project is not None
        return project

    def campaign(self, text: str) -> tuple[Campaign | None, list[Problem]]:
        """What is read from this campaigns/cfp.yaml."""
        path = self.write("campaigns/cfp.yaml", text)
        return read_campaign(self.project(), path)

    def audience(
        self, people: str | bytes, campaign: str = CAMPAIGN
    ) -> tuple[Audience | None, list[Problem]]:
        """What is read from this audience, for a campaign without fault."""
        self.write("audiences/people.csv", people)
        read, problems = self.campaign(campaign)
        assert problems == []
        assert read is not None
        return read_audience(self.project(), read)


def told(problems: list[Problem]) -> list[str]:
    """Each problem as `code line:column`."""
    return [f"{p.code} {p.place.line}:{p.place.column}" for p in problems]


def lines(problems: list[Problem]) -> list[str]:
    """Each problem as `code line`."""
    return [f"{p.code} {p.place.line}" for p in problems]
