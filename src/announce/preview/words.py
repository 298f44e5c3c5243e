"""The page's own words for its scripts, in the interface's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from announce.model.delivery import CHANNELS, State
from announce.model.wording import channel_name, language_name, reason_text, state_name
from announce.preview.kinds import Kind
from announce.preview.story import Story
from announce.texts import say


def page_words(story: Story, kinds: Sequence[Kind]) -> dict[str, Any]:
    """Names of languages, channels and states, texts of controls, and the problems."""
    languages = {language for (_, language, _) in story.plan.sums.counts} | {"zh", "en"}
    return {
        "languages": {one: language_name(one) for one in sorted(languages)},
        "channels": {one: channel_name(one) for one in CHANNELS},
        "states": {one.value: state_name(one) for one in State},
        "reasons": {one: reason_text(one) for one in story.plan.sums.skipped},
        "problems": [_told(str(one.place), one.message, one.hint) for one in story.plan.problems],
        "kinds": [{"subject": one.subject, "count": one.count} for one in kinds],
        "texts": _texts(),
    }


def _told(*parts: str) -> str:
    return " – ".join(part for part in parts if part)


def _texts() -> dict[str, str]:
    return {
        "phone": say("Phone"),
        "desktop": say("Desktop"),
        "dark": say("Dark"),
        "inverted": say("Dark, inverted"),
        "text": say("Text part"),
        "beside": say("Chinese and English"),
        "headers": say("Headers"),
        "page": say("Article"),
        "card": say("Notice"),
        "views": say("Views"),
        "file": say("The exact file (.eml)"),
        "alone": say("In a page of its own"),
        "count": say("{shown} of {all} messages"),
        "none": say("No message fits. Clear the filters to see all."),
        "doubts": say("with a warning"),
        "blanks": say("with an empty field"),
        "noBlanks": say("No message has an empty field."),
        "blank": say("empty fields"),
        "skipped": say("This one gets no message: {reason}"),
        "darkNote": say("As a reader in the dark sees it whose mail program asks for dark styles"),
        "invertedNote": say(
            "As Gmail and Outlook turn a mail dark: its colours inverted, pictures as they are"
        ),
        "textNote": say("What a reader without HTML sees"),
        "missing": say("There is no message of this kind in the other language."),
        "other": say(
            "{language}: the message to {who}, another recipient; names and values are theirs"
        ),
        "article": say("{language}: the article in the other language"),
        "halves": say("The two halves of this message"),
        "this": say("{language}: this message"),
        "uneven": say("The two have different sections: {left} and {right}."),
        "variant": say("class"),
        "subject": say("Subject"),
        "to": say("to"),
        "language": say("language"),
        "state": say("state"),
        "kind": say("kind {n}"),
        "key": say("key"),
        "cannot": say("This message cannot be loaded: {name}"),
    }
