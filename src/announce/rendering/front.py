"""The head of a template: YAML between lines of `---`, each value a template of its own."""

from __future__ import annotations

import re

import yaml

from announce.problems import did_you_mean
from announce.rendering.faults import TemplateTrouble
from announce.texts import say

_TOP = ("subject", "short", "preheader", "article", "notice")
_ARTICLE = ("title", "digest", "cover")
# Keys of the lines of a cover made from them: `article.cover.1` and so on.
COVER = "article.cover."
# Keys of the fields of a notice: `notice.thing1` and so on.
NOTICE = "notice."
_FIELD = re.compile(r"[a-z][a-z_]*[0-9]*")


class HeadTrouble(TemplateTrouble):
    """A fault in a head, with its line in the file."""

    def __init__(self, message: str, hint: str, line: int) -> None:
        super().__init__("template-head", message, hint)
        self.line = line


def split_head(text: str) -> tuple[str, str]:
    """The YAML of the head ("" where there is none) and the body, which keeps its line numbers.

    Raises HeadTrouble for a head that does not end.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return "", text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            head = "\n".join(lines[1:number])
            return head, "\n" * (number + 1) + "\n".join(lines[number + 1 :])
    raise HeadTrouble(
        say("the head of the template does not end"), say("close it with a line ---"), 1
    )


def read_head(source: str) -> dict[str, tuple[str, int]]:
    """The head's values: key (`article.title`, `article.cover.1`) to text and line. Raises
    HeadTrouble."""
    try:
        node = yaml.compose(source, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise HeadTrouble(
            say("the head of the template is no YAML: {cause}", cause=error.problem),
            _quote(),
            line,
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise HeadTrouble(
            say("the head of the template is no YAML: {cause}", cause=error), _quote(), 1
        ) from error
    values: dict[str, tuple[str, int]] = {}
    if node is not None:
        _read(node, "", _TOP, values)
    return values


def _quote() -> str:
    return say("put texts with {{ … }} or a colon between quotes")


def _read(
    node: yaml.Node, prefix: str, known: tuple[str, ...] | None, values: dict[str, tuple[str, int]]
) -> None:
    if not isinstance(node, yaml.MappingNode):
        raise HeadTrouble(
            say("the head of the template is not a mapping"),
            say('write lines such as subject: "…"'),
            node.start_mark.line + 2,
        )
    for key_node, value in node.value:
        line = key_node.start_mark.line + 2
        key = _key(key_node, known, line)
        if f"{prefix}{key}" in values:
            raise HeadTrouble(
                say('"{key}" stands twice in the head', key=key), say("keep one of them"), line
            )
        if key == "article":
            _read(value, "article.", _ARTICLE, values)
        elif key == "notice":
            _read(value, NOTICE, None, values)
        elif key == "cover":
            lines = value.value if isinstance(value, yaml.SequenceNode) else [value]
            values |= {f"{COVER}{n}": _value(key, one) for n, one in enumerate(lines, 1)}
        else:
            values[f"{prefix}{key}"] = _value(key, value)


def _key(node: yaml.Node, known: tuple[str, ...] | None, line: int) -> str:
    """A key of the head; without `known`, the name of a field of a notice."""
    key = str(node.value) if isinstance(node, yaml.ScalarNode) else "…"
    if known is None and not _FIELD.fullmatch(key):
        raise HeadTrouble(
            say('"{key}" is no field of a notice', key=key),
            say("name it as the template in the account's console does, such as thing1"),
            line,
        )
    if known is not None and key not in known:
        raise HeadTrouble(
            say('a template\'s head has no "{key}"', key=key), did_you_mean(key, known), line
        )
    return key


def _value(key: str, node: yaml.Node) -> tuple[str, int]:
    line = node.start_mark.line + 2
    if not isinstance(node, yaml.ScalarNode):
        raise HeadTrouble(say('"{key}" of the head is no text', key=key), _quote(), line)
    if not node.value.strip():
        raise HeadTrouble(
            say('"{key}" of the head is empty', key=key),
            say("write it, or leave the key out"),
            line,
        )
    # A folded or literal text begins on the line after its sign.
    return node.value, line + (node.style in ("|", ">"))
