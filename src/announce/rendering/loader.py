"""The text of templates: read from one language's folder, with limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from announce.model.languages import Language
from announce.problems import Place
from announce.rendering.faults import TemplateTrouble, fault
from announce.rendering.front import HeadTrouble, split_head
from announce.rendering.markers import RESERVED
from announce.texts import say

FOLDER = "templates"
SUFFIX = ".md.j2"
_MAX_BYTES = 1_000_000


class Loader(jinja2.BaseLoader):
    """The templates of one language; texts are read once."""

    def __init__(self, root: Path, language: Language) -> None:
        self.folder = root / FOLDER / language
        self.shown = f"{FOLDER}/{language}"
        self.texts: dict[str, str] = {}
        paths = sorted(self.folder.rglob("*")) if self.folder.is_dir() else []
        self.names = {
            path.relative_to(self.folder).as_posix(): path for path in paths if path.is_file()
        }

    def file(self, name: str) -> str:
        """The template's path as shown to people."""
        return f"{self.shown}/{name}"

    def text(self, name: str) -> str:
        """The template's whole text. Raises TemplateFault where it is none."""
        if name not in self.texts:
            self.texts[name] = self._read(name)
        return self.texts[name]

    def _read(self, name: str) -> str:
        place = Place(file=self.file(name))
        data = self.names[name].read_bytes()
        if len(data) > _MAX_BYTES:
            raise fault(TemplateTrouble("template-text", say("the template is too large")), place)
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            trouble = TemplateTrouble(
                "template-text", say("the template is not UTF-8"), say("save it as UTF-8")
            )
            raise fault(trouble, place) from error
        if RESERVED.search(text):
            what = say("the template holds characters U+FDD0 to U+FDD2, which no text has")
            raise fault(TemplateTrouble("template-text", what, say("delete them")), place)
        return text

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        """The body for Jinja2, its line numbers kept."""
        if template not in self.names:
            raise jinja2.TemplateNotFound(template)
        try:
            _, body = split_head(self.text(template))
        except HeadTrouble as error:
            raise fault(error, Place(file=self.file(template), line=error.line)) from error
        return body, self.file(template), None

    def list_templates(self) -> list[str]:
        """All names."""
        return list(self.names)
