"""Jinja2 in a sandbox in which what is printed is data, never markup.

With autoescape on, Jinja2 makes the text of templates, macros and block sets `Markup`, and all
else stays `str`. Here `Markup` means "source of a template": only that is Markdown later. Any
other value becomes a marker when it is printed or joined with source.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context, LoopContext, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, missing
from markupsafe import Markup

from announce.model.moment import Deadline
from announce.problems import did_you_mean
from announce.rendering.faults import TemplateTrouble
from announce.rendering.occurrences import OF_WHAT_REMAINS, OccurrenceName
from announce.rendering.printing import (
    CURRENT,
    MAX_TEXT,
    concatenate,
    counted,
    counted_range,
    printed,
    source_refused,
    too_large,
)
from announce.rendering.tracing import (
    Method,
    People,
    Tracked,
    Untraceable,
    lifted,
    trace_in,
)
from announce.texts import say

_MAX_BITS = 4096
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset({
        "capitalize", "casefold", "count", "endswith", "isdigit", "lower", "lstrip",
        "removeprefix", "removesuffix", "rstrip", "split", "splitlines", "startswith", "strip",
        "title", "upper",
    }),
    dict: frozenset({"get", "items", "keys", "values"}),
    OccurrenceName: frozenset(OccurrenceName.__annotations__),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    datetime: frozenset({"year", "month", "day", "hour", "minute"}),
    date: frozenset({"year", "month", "day"}),
    Deadline: frozenset({"local", "zone", "utc", "beijing"}),
}  # fmt: skip
_OWN = (LoopContext, TemplateReference, Cycler, Joiner, Namespace)
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "**": operator.pow, "%": operator.mod,
}  # fmt: skip


class Missing(StrictUndefined):
    """An undefined name that says so, with the nearest known ones."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:  # fmt: skip
        tell: Any = lambda message: _undefined(message, obj, name, exc, hint)  # noqa: E731
        super().__init__(hint, obj, name, tell)


def _undefined(
    message: str, obj: Any, name: str | None, kind: type[Exception], hint: str | None
) -> TemplateTrouble:
    if issubclass(kind, SecurityError):
        what = say('"{name}" is not open to templates', name=name)
        return TemplateTrouble("template-unsafe", what)
    if hint or name is None:
        return TemplateTrouble("template-undefined", hint or message)
    if isinstance(obj, OccurrenceName) and name in OF_WHAT_REMAINS:
        mend = say("guard it: {{% if occurrence.{name} is defined %}}", name=name)
        return TemplateTrouble("template-undefined", _nothing_remains(obj), mend)
    if obj is missing:
        if name == "recipient":
            what = say("an article has no recipient: it goes to all followers")
            mend = say("move it to a template for e-mail")
            return TemplateTrouble("template-undefined", what, mend)
        known: Iterable[Any] = CURRENT.get().names
    else:
        known = obj if isinstance(obj, Mapping) else ()
    return TemplateTrouble(
        "template-undefined",
        say('"{name}" is undefined', name=name),
        did_you_mean(str(name), [str(word) for word in known]),
    )


def _nothing_remains(occurrence: OccurrenceName) -> str:
    if not hasattr(occurrence, "deadline"):
        return say("{name} goes by no date, so nothing remains", name=occurrence.id)
    return say(
        "of {name} nothing remains: {date} is over", name=occurrence.id, date=occurrence.deadline
    )


class _Generator(CodeGenerator):
    """Prints through `printed`, also constants, where Jinja2 would escape as HTML."""

    def _make_finalize(self) -> CodeGenerator._FinalizeInfo:
        return self._FinalizeInfo(None, None)

    def _output_child_pre(self, *_: Any) -> None:
        self.write("environment.printed(")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        # Jinja2's markup_join would escape data as HTML and make it source.
        self.write("environment.concatenate((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class WordsEnvironment(ImmutableSandboxedEnvironment):
    """Templates of one language."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(_OPERATORS)
    concatenate = staticmethod(concatenate)
    printed = staticmethod(printed)

    def __init__(self, **options: Any) -> None:
        super().__init__(
            undefined=Missing, autoescape=True, auto_reload=False,
            keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, **options,
        )  # fmt: skip
        self.globals = {name: self.globals[name] for name in ("namespace", "joiner", "cycler")}
        self.globals["range"] = counted_range
        self.filters["_counted"] = counted
        self.tests = {name: _asked(name, test) for name, test in dict[str, Any](self.tests).items()}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(nodes.ScopedEvalContextModifier):
            self._refuse(node, say("{% autoescape %} is not open to templates"), name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(
                loop.iter, "_counted", [], [], None, None, lineno=loop.iter.lineno
            )
        for imported in tree.find_all((nodes.Import, nodes.FromImport)):
            # Without the context Jinja2 would keep what a module printed for one recipient.
            imported.with_context = True  # type: ignore[attr-defined]
        return tree

    def _refuse(self, node: nodes.Node, why: str, name: str | None, filename: str | None) -> None:
        raise TemplateSyntaxError(why, node.lineno, name, filename)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Keys before methods: `facts.items` is the fact of that name where there is one."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if type(obj) is People:
            return self._of_recipient(obj, attribute, super().getattr)
        if type(obj) is Tracked:
            if obj.sort == "text" and attribute in _METHODS[str]:
                return Method(obj, attribute)
            obj = obj.open()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As Jinja2 does it; of a recipient's list, one of the items it has."""
        if type(argument) is Tracked:
            argument = argument.open()
        if type(obj) is People:
            return self._of_recipient(obj, argument, super().getitem)
        if type(obj) is Tracked:
            if type(argument) is int and obj.ask(_has_item, argument):
                return obj.item(argument)
            obj = obj.open()
        return super().getitem(obj, argument)

    def _of_recipient(self, people: People, name: Any, get: Callable[[Any, Any], Any]) -> Any:
        value = people.trace.take(name)
        if value is not None:
            return value
        none = get(people.trace.names, name)
        if not isinstance(none, Undefined):  # a method of the mapping
            raise Untraceable
        return none

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        """The template of a name, which a recipient's value may give."""
        return super().get_template(_opened(name), parent, globals)

    def select_template(
        self, names: Any, parent: str | None = None, globals: Any = None
    ) -> Template:
        """The first template there is of some names, which a recipient's values may give."""
        return super().select_template(_opened(names), parent, globals)

    def get_or_select_template(
        self, template_name_or_list: Any, parent: str | None = None, globals: Any = None
    ) -> Template:
        """The template of a name or of some names, which a recipient's values may give."""
        return super().get_or_select_template(_opened(template_name_or_list), parent, globals)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what is listed; of a macro's or block's text nothing."""
        if attr.startswith("_") or isinstance(obj, Markup):
            return False
        if isinstance(obj, _OWN) or type(obj).__name__ == "TemplateModule":
            return True
        return any(attr in names for kind, names in _METHODS.items() if isinstance(obj, kind))

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls, counted."""
        CURRENT.get().spend(1)
        if type(obj) is Method:
            return obj.call(args, kwargs)
        return super().call(context, obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> None:
        """No `format`: Jinja2 would allow it before asking what is safe."""
        return

    def call_binop(
        self,
        context: Context,
        operator: str,
        left: Any,
        right: Any,
    ) -> Any:
        """Arithmetic, with source kept apart from data and sizes bounded."""
        if operator == "+" and _is_text(left) and _is_text(right):
            return concatenate((left, right))
        left, right = _opened(left), _opened(right)
        _check_operands(operator, left, right)
        return _OPERATORS[operator](left, right)


def _asked(name: str, test: Callable[..., Any]) -> Callable[..., Any]:
    run = lifted(test)

    @wraps(test)
    def ask(*args: Any, **more: Any) -> Any:
        # That there is a recipient is no secret of anybody's.
        there = args and type(args[0]) is People and name in ("defined", "undefined", "none")
        return name == "defined" if there else run(*args, **more)

    return ask


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (type(value) is Tracked and value.sort == "text")


def _has_item(value: Any, number: int) -> bool:
    return isinstance(value, str | list) and -len(value) <= number < len(value)


def _opened(value: Any) -> Any:
    """A value with nothing of a recipient tracked in it."""
    trace = trace_in((value,))
    return value if trace is None else trace.opened(value)


def _check_operands(sign: str, left: Any, right: Any) -> None:
    if isinstance(left, Markup) or isinstance(right, Markup):
        raise source_refused()
    if isinstance(left, str) and sign == "%":
        raise TemplateTrouble(
            "template-unsafe", say("text with % is not open to templates"), say("join with ~")
        )
    sized = [value for value in (left, right) if isinstance(value, str | list | tuple)]
    if sized:
        times = right if sized[0] is left else left
        length = len(sized[0]) * times if isinstance(times, int) else sum(map(len, sized))
        if length > MAX_TEXT // 100:
            raise too_large()
    elif isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * (max(right, 0) if sign == "**" else 1)
        if bits > _MAX_BITS or right.bit_length() > _MAX_BITS:
            raise too_large()
