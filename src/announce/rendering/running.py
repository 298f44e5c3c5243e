"""Running a template, and telling what went wrong in it, with its file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError

from announce.model.languages import Language
from announce.problems import Place, did_you_mean
from announce.rendering.environment import WordsEnvironment
from announce.rendering.faults import TemplateFault, TemplateTrouble, fault
from announce.rendering.loader import FOLDER, SUFFIX
from announce.rendering.printing import CURRENT, Rendering
from announce.rendering.tracing import Untraceable
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """One template, compiled: `head` by key (`article.title`), `file` as shown to people.

    `personal_head` has the keys whose values may differ from recipient to recipient.
    """

    language: Language
    name: str
    file: str
    body: jinja2.Template
    head: Mapping[str, jinja2.Template]
    personal_head: frozenset[str]


def run(template: Template, key: str | None, names: Mapping[str, Any], rendering: Rendering,
        whom: str) -> str:  # fmt: skip
    """The source that a template's body (key None) or a value of its head prints.

    Raises TemplateFault with the line at fault, and Untraceable for a recipient that is traced.
    """
    compiled = template.body if key is None else template.head[key]
    token = CURRENT.set(rendering)
    try:
        return compiled.render(names)
    except Untraceable:
        raise
    except Exception as error:
        # It is the project's program that ran: whatever it raises is its fault.
        place = _place(error, template.file)
        raise fault(_trouble(error, compiled), place, whom=whom) from error
    finally:
        CURRENT.reset(token)


def syntax_fault(
    error: jinja2.TemplateSyntaxError, file: str, environment: WordsEnvironment
) -> TemplateFault:
    """A template that cannot be compiled; an unknown filter or test with the nearest ones."""
    message, hint = error.message or "", ""
    if unknown := re.match(r"No (filter|test) named '(.*)'", message):
        known = environment.filters if unknown[1] == "filter" else environment.tests
        hint = did_you_mean(unknown[2], [word for word in known if word[:1].isalpha()])
    trouble = TemplateTrouble(
        "template-syntax", say("the template cannot be read: {cause}", cause=message), hint
    )
    return fault(trouble, Place(file=error.filename or file, line=error.lineno))


def _place(error: BaseException, file: str) -> Place:
    """The innermost line of a template in the error's traceback."""
    place, trace = Place(file=file), error.__traceback__
    if isinstance(error, jinja2.TemplateSyntaxError):
        return Place(file=error.filename or file, line=error.lineno)
    while trace is not None:
        shown = trace.tb_frame.f_code.co_filename
        if shown.startswith(f"{FOLDER}/") and shown.endswith(SUFFIX):
            place = Place(file=shown, line=trace.tb_lineno)
        trace = trace.tb_next
    return place


def _trouble(error: BaseException, compiled: jinja2.Template) -> TemplateTrouble:
    if isinstance(error, TemplateTrouble):
        return error
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateTrouble(
            "template-syntax", say("the template cannot be read: {cause}", cause=error.message)
        )
    if isinstance(error, jinja2.TemplateNotFound):
        known = compiled.environment.list_templates()
        what = say('there is no template "{name}" in this language', name=error.name)
        return TemplateTrouble("template-include", what, did_you_mean(str(error.name), known))
    if isinstance(error, RecursionError | MemoryError):
        return TemplateTrouble(
            "template-runaway", say("the template does not come to an end"),
            say("look for a macro or an include that calls itself"),
        )  # fmt: skip
    if isinstance(error, SecurityError):
        return TemplateTrouble(
            "template-unsafe",
            say("not open to templates: {cause}", cause=error),
            say("templates reach facts, recipients and filters, and nothing of the program"),
        )
    return TemplateTrouble(
        "template-value",
        say("the template cannot be filled: {cause}", cause=error),
        say("look at what stands between {{ }} or {% %} on this line, and at the values it uses"),
    )
