"""The shapes that the mails of a campaign have, learnt from the first recipient of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from announce.model.audience import Recipient
from announce.model.delivery import Channel
from announce.model.languages import Language
from announce.rendering.drafts import Drafts
from announce.rendering.expressions import Names
from announce.rendering.faults import TemplateFault
from announce.rendering.names import own_names, recipient_names
from announce.rendering.printing import CURRENT, MAX_STEPS, Rendering
from announce.rendering.shape import Filling, Shape
from announce.rendering.tracing import People, Trace, Untraceable
from announce.rendering.tree import Tree, Unseen
from announce.rendering.words import Draft

# Beyond so many shapes of all languages and variants together nothing more is learnt.
_MAX_SHAPES = 512


class Message(NamedTuple):
    """What a message is made for: `own` are its names (see `names.own_names`), `whom` its
    recipient's key, told in faults."""

    channel: Channel
    variant: str | None
    own: dict[str, Any]
    whom: str


class Shapes:
    """Finds the shape of a mail, or learns it. `write` makes a draft in one language."""

    def __init__(self, drafts: Drafts, write: Callable[[Language, Message], Draft]) -> None:
        self._drafts = drafts
        self._write = write
        self._trees: dict[tuple[Any, ...], Tree[Shape]] = {}
        self._learnt = 0
        # Counts the steps of filters; what they make does not depend on its language.
        self._meter = Rendering(language="en", names={})

    def filling(
        self,
        *,
        languages: tuple[Language, ...],
        variant: str | None,
        recipient: Recipient,
        unsubscribe: str,
    ) -> Filling | None:
        """The shape of a mail and what its recipient fills in; None where it has to be written
        the plain way."""
        key = (languages, variant, unsubscribe)
        tree = self._trees.get(key)
        if tree is None:
            if self._learnt >= _MAX_SHAPES:
                return None
            tree = self._trees[key] = Tree()
        names = recipient_names(recipient)
        self._meter.steps = MAX_STEPS
        token = CURRENT.set(self._meter)
        try:
            try:
                shape = tree.find(names)
            except Unseen:
                own = own_names("email", recipient, unsubscribe)
                message = Message("email", variant, own, recipient.key)
                more = tree.open and self._learnt < _MAX_SHAPES
                shape = self._learn(tree, languages, message) if more else None
            return shape.filling(names, MAX_STEPS - self._meter.steps) if shape else None
        except Exception:
            # A filter that fails here fails in the plain way too, which tells its file and line.
            return None
        finally:
            CURRENT.reset(token)

    def _learn(
        self, tree: Tree[Shape], languages: tuple[Language, ...], message: Message
    ) -> Shape | None:
        """The shape of a mail seen for the first time; None where it cannot be traced."""
        self._learnt += 1
        names: Names = message.own["recipient"]
        trace, shape = Trace(dict(names), tree.known), None
        traced = message._replace(own={**message.own, "recipient": People(trace)})
        self._drafts.steps_left = MAX_STEPS
        try:
            halves = [self._write(language, traced) for language in languages]
            shape = Shape(halves, steps=self._drafts.steps_left, uses=trace.uses)
        except (Untraceable, TemplateFault):
            shape = None
        try:
            plain = [self._write(language, message) for language in languages]
        except TemplateFault:
            tree.failed()
            return None
        if shape is not None and not shape.agrees(plain, names):
            # Nothing is known to come here; but a mail must never be guessed.
            tree.open = False
            return None
        tree.grow(trace.path, shape)
        return shape
