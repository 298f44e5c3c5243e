"""The project's templates: found by kind, variant and channel, compiled, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

import jinja2
from jinja2 import meta, nodes

from announce.model.delivery import CHANNELS, Channel
from announce.model.languages import Language
from announce.problems import Place, Problem
from announce.rendering.environment import WordsEnvironment
from announce.rendering.faults import TemplateFault, TemplateTrouble, fault
from announce.rendering.filters import filters_for
from announce.rendering.front import HeadTrouble, read_head, split_head
from announce.rendering.loader import FOLDER, SUFFIX, Loader
from announce.rendering.printing import counted
from announce.rendering.running import Template, syntax_fault
from announce.rendering.unknown import own_names_of, unknown_names
from announce.texts import say

__all__ = ["Template", "TemplateBook", "TemplateFault", "missing_template"]


class TemplateBook:
    """All templates of a project, as they stood when the book was opened.

    Raises TemplateFault where a template is at fault, with its file and line.
    """

    def __init__(self, root: Path, languages: Sequence[Language]) -> None:
        self.root = root
        self.languages = tuple(languages)
        self._loaders = {language: Loader(root, language) for language in self.languages}
        self._environments = {
            language: _environment(loader, language) for language, loader in self._loaders.items()
        }
        self._personal: dict[str, bool] = {}
        self._templates: dict[tuple[Language, str], Template] = {}
        self._trees: dict[tuple[Language, str], nodes.Template] = {}

    def find(
        self, kind: str, variant: str | None, channel: Channel, language: Language
    ) -> Template | None:
        """The most specific template there is, or None; TemplateFault where it is broken."""
        for name in _candidates(kind, variant, channel):
            if name in self._loaders[language].names:
                return self.template(name, language)
        return None

    def template(self, name: str, language: Language) -> Template:
        """A template by its name, such as `parts/footer.md.j2`. KeyError where there is none."""
        key = (language, name)
        if key not in self._templates:
            self._templates[key] = self._compile(name, language)
        return self._templates[key]

    def has(self, name: str, language: Language) -> bool:
        """Whether a template of this name exists in this language."""
        return name in self._loaders[language].names

    def text(self, name: str, language: Language) -> str:
        """A template's whole text, head included."""
        return self._loaders[language].text(name)

    def variants(self, kind: str) -> tuple[str, ...]:
        """The variants of a kind that any language has a template for."""
        found = {
            parts[1]
            for loader in self._loaders.values()
            for name in loader.names
            if (parts := _parts(name)) and parts[0] == kind and parts[1]
        }
        return tuple(sorted(found))

    def problems(
        self,
        kind: str,
        *,
        languages: Sequence[Language],
        channels: Collection[Channel],
        variants: Collection[str] = (),
    ) -> list[Problem]:
        """What is wrong with a kind's templates, without rendering any.

        Missing ones (in one language or for a channel or variant), and those that cannot be
        compiled.
        """
        found = [
            *self._uneven(kind, languages),
            *self._missing(kind, languages, channels, variants),
            *self._broken(kind, languages),
        ]
        return list(dict.fromkeys(found))

    def unknown_names(
        self, kind: str, language: Language, known: Mapping[str, object], *, also: str
    ) -> list[Problem]:
        """Names that the kind's templates use and nothing gives, all at once (see `unknown`).

        Of templates that can be compiled, with the parts they include and the one named `also`;
        `known` is as `unknown.unknown_names` takes it.
        """
        loader = self._loaders[language]
        used = {
            file
            for template in self.of_kind(kind, also=also)
            if template.language == language
            for file in self.sources(template)
        }
        trees: list[tuple[str, int | None, nodes.Template]] = []
        for name in sorted(loader.names):
            if loader.file(name) not in used:
                continue
            head, body = split_head(loader.text(name))
            trees.append((loader.file(name), None, self._tree(body, language)))
            for text, line in read_head(head).values() if head else ():
                trees.append((loader.file(name), line, self._tree(text, language)))
        local = set().union(*(own_names_of(tree) for _, _, tree in trees))
        return [
            problem
            for file, line, tree in trees
            for problem in unknown_names(tree, file=file, known=known, local=local, line=line)
        ]

    def of_kind(self, kind: str, *, also: str) -> list[Template]:
        """Every template of a kind in every language, and the one named `also`."""
        return [
            self.template(name, language)
            for language in self.languages
            for name in sorted(self._names(kind, language))
            if name == also or not name.startswith("parts/")
        ]

    def _names(self, kind: str, language: Language) -> set[str]:
        return {
            name
            for name in self._loaders[language].names
            if name.startswith("parts/") or ((parts := _parts(name)) and parts[0] == kind)
        }

    def _uneven(self, kind: str, languages: Sequence[Language]) -> list[Problem]:
        names = {language: self._names(kind, language) for language in languages}
        return [
            Problem(
                code="template-one-language",
                place=Place(file=self._loaders[has].file(name)),
                message=say('"{file}" is missing', file=self._loaders[lacks].file(name)),
                hint=say("write it: every template exists in all languages of the campaign"),
            )
            for lacks in languages
            for has in languages
            for name in sorted(names[has] - names[lacks])
        ]

    def _missing(
        self,
        kind: str,
        languages: Sequence[Language],
        channels: Collection[Channel],
        variants: Collection[str],
    ) -> list[Problem]:
        return [
            missing_template(kind, variant, channel, language)
            for language in languages
            for channel in channels
            for variant in (sorted(variants) or ("",))
            if not any(self.has(name, language) for name in _candidates(kind, variant, channel))
        ]

    def _broken(self, kind: str, languages: Sequence[Language]) -> list[Problem]:
        found = []
        for language in languages:
            for name in sorted(self._names(kind, language)):
                try:
                    self.template(name, language)
                except TemplateFault as error:
                    found.append(error.problem)
        return found

    def _compile(self, name: str, language: Language) -> Template:
        loader, environment = self._loaders[language], self._environments[language]
        file = loader.file(name)
        try:
            body = environment.get_template(name)
            head = read_head(split_head(loader.text(name))[0])
            compiled = {
                key: _head_template(environment, name, file, text, line)
                for key, (text, line) in head.items()
            }
        except HeadTrouble as error:
            raise fault(error, Place(file=file, line=error.line)) from error
        except jinja2.TemplateSyntaxError as error:
            raise syntax_fault(error, file, environment) from error
        except (RecursionError, MemoryError, NameError, ArithmeticError) as error:
            # Jinja2's compiler folds constants, and falls over those that are too deep or large.
            trouble = TemplateTrouble(
                "template-syntax", say("an expression of the template is too deep or too large"),
                say("split it, or put the value into the facts"),
            )  # fmt: skip
            raise fault(trouble, Place(file=file)) from error
        if "subject" not in compiled and not name.startswith("parts/"):
            trouble = TemplateTrouble(
                "template-head", say("the template has no subject"),
                say('begin it with a head: ---, subject: "…", ---'),
            )  # fmt: skip
            raise fault(trouble, Place(file=file, line=1))
        # A statement could bring in another template, which may name the recipient.
        personal = {key for key, (text, _) in head.items() if "recipient" in text or "{%" in text}
        return Template(
            language=language,
            name=name,
            file=file,
            body=body,
            head=compiled,
            personal_head=frozenset(personal),
        )

    def is_personal(self, template: Template, key: str | None) -> bool:
        """Whether a value of the head, or the body with all its parts, names the recipient."""
        if key is not None:
            return key in template.personal_head
        if template.file not in self._personal:
            names = (file.split("/", 2)[2] for file in self.sources(template))
            self._personal[template.file] = any(
                "recipient" in self.text(name, template.language) for name in names
            )
        return self._personal[template.file]

    def sources(self, template: Template) -> dict[str, str]:
        """File to digest: the template and all that it includes, imports or extends.

        One whose includes are named by a value counts with all templates of its language.
        """
        loader = self._loaders[template.language]
        seen: dict[str, str] = {}
        waiting = [template.name]
        while waiting:
            name = waiting.pop()
            if name not in loader.names or loader.file(name) in seen:
                continue
            seen[loader.file(name)] = hashlib.sha256(loader.text(name).encode()).hexdigest()
            tree = self._tree(split_head(loader.text(name))[1], template.language)
            for other in meta.find_referenced_templates(tree):
                waiting += loader.names if other is None else [other]
        return dict(sorted(seen.items()))

    def _tree(self, text: str, language: Language) -> nodes.Template:
        """A template's body or a value of its head, parsed once and so to look at only."""
        if (language, text) not in self._trees:
            self._trees[language, text] = self._environments[language].parse(text)
        return self._trees[language, text]


def missing_template(
    kind: str, variant: str | None, channel: Channel, language: Language
) -> Problem:
    """There is no template for this."""
    names = _candidates(kind, variant, channel)
    return Problem(
        code="template-missing",
        place=Place(file=f"{FOLDER}/{language}/{names[-1]}"),
        message=say("there is no template for {what}", what=" · ".join(
            part for part in (kind, variant, channel, language) if part)),
        hint=say("write one of: {names}", names=", ".join(names)),
    )  # fmt: skip


def _environment(loader: Loader, language: Language) -> WordsEnvironment:
    environment = WordsEnvironment(loader=loader)
    environment.filters = {**filters_for(language), "_counted": counted}
    return environment


def _candidates(kind: str, variant: str | None, channel: Channel) -> list[str]:
    stems = [kind, f"{kind}.{channel}"]
    if variant:
        stems += [f"{kind}.{variant}", f"{kind}.{variant}.{channel}"]
    return [f"{stem}{SUFFIX}" for stem in reversed(stems)]


def _parts(name: str) -> tuple[str, str, str] | None:
    """Kind, variant and channel ("" for none) of a template's name; None for parts."""
    if not name.endswith(SUFFIX) or len(PurePosixPath(name).parts) > 1:
        return None
    kind, *rest = name.removesuffix(SUFFIX).split(".")
    channel = rest.pop() if rest and rest[-1] in CHANNELS else ""
    return kind, ".".join(rest), channel


def _head_template(
    environment: WordsEnvironment, name: str, file: str, text: str, line: int
) -> jinja2.Template:
    # Empty lines before it, so that a fault in it is told with the file's line.
    code = environment.compile("\n" * (line - 1) + text, name, file)
    return jinja2.Template.from_code(environment, code, environment.make_globals(None))
