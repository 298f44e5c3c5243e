"""What is known of a mail's templates: the questions they ask of a recipient, and the shape
that follows from the answers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from announce.rendering.expressions import Expression, Expressions, Names, Read

Leaf = TypeVar("Leaf")

# A shape takes some fifty kilobytes. Templates that tell more recipients apart than this are
# run for each of the others.
MAX_LEAVES = 256
MAX_NODES = 8192
MAX_FAILURES = 64


class Unseen(Exception):
    """No recipient before answered the templates' questions as this one does."""


class _Node:
    """A question: each answer leads to the next one, to a leaf, or to None."""

    __slots__ = ("answers", "question", "read")

    def __init__(self, question: Expression) -> None:
        self.question = question
        self.read: Read = question.read
        self.answers: dict[Hashable, object] = {}


class Tree(Generic[Leaf]):
    """The questions of some templates, in the order in which they ask them.

    `known` keeps the expressions of all traces. `open` says whether more is to be learnt: not
    when the tree has grown too large, when too many traces failed, or when two disagreed.
    """

    def __init__(self) -> None:
        self.known = Expressions()
        self.open = True
        self._top: dict[Hashable, object] = {}
        self._leaves = self._nodes = self._failures = 0

    def find(self, names: Names) -> Leaf | None:
        """The leaf of a recipient; None for one that cannot be traced.

        Raises Unseen, and whatever a question raises that does not fit this recipient.
        """
        here = self._top.get(None, Unseen)
        while type(here) is _Node:
            here = here.answers.get(here.read(names), Unseen)
        if here is Unseen:
            raise Unseen
        return here  # type: ignore[return-value]

    def grow(self, path: Sequence[tuple[Expression, Hashable]], leaf: Leaf | None) -> None:
        """Remember what a trace asked, the answers it got, and what it came to.

        Equal answers must lead to equal questions: a trace that contradicts another closes the
        tree.
        """
        answers: dict[Hashable, object] = self._top
        key: Hashable = None
        for question, answer in path:
            node = answers.setdefault(key, _Node(question))
            if type(node) is not _Node or node.question is not question:
                self.open = False
                return
            self._nodes += not node.answers
            answers, key = node.answers, answer
        if key in answers:
            self.open = False
            return
        answers[key] = leaf
        self._leaves += 1
        self.open &= self._leaves < MAX_LEAVES and self._nodes < MAX_NODES

    def failed(self) -> None:
        """One more trace that came to nothing."""
        self._failures += 1
        self.open &= self._failures < MAX_FAILURES
