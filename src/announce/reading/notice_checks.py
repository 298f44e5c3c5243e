"""What a campaign's model cannot see of its notices: whose matter, texts a language, addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from announce.model.languages import LANGUAGES, Language
from announce.problems import Problem
from announce.reading.localised import localised_problems
from announce.reading.places import Loc
from announce.reading.project import text_at
from announce.reading.schema import value_at
from announce.reading.web_addresses import web_address_problems
from announce.reading.yamlfile import Loaded
from announce.texts import say


def notice_problems(loaded: Loaded, promised: Sequence[Language]) -> Iterator[Problem]:
    """Faults of the notices, as they are written."""
    if not isinstance(value_at(loaded.value, ("notice",)), dict):
        return
    # The platform punishes advertising by template message (40249, 43116):
    # https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Operation_Specifications.html
    purpose = value_at(loaded.value, ("purpose",))
    if purpose != "personal" and not loaded.complained(("purpose",)):
        yield Problem(
            code="notice-for-broadcast",
            place=loaded.places.key(("notice",)),
            message=say("a notice tells one person's matter, and this campaign is an announcement"),
            hint=say(
                "write `purpose: personal` if each reader is told their own matter; what is the "
                "same for all goes by `email` or `wechat`"
            ),
        )
    for name in ("template_id", "link"):
        loc: Loc = ("notice", name)
        yield from localised_problems(loaded, value_at(loaded.value, loc), loc, promised)
    yield from _template_ids(loaded)
    yield from web_address_problems(loaded, ("notice", "link"))


def _template_ids(loaded: Loaded) -> Iterator[Problem]:
    for step in ((), *((language,) for language in LANGUAGES)):
        loc: Loc = ("notice", "template_id", *step)
        text = text_at(loaded, loc)
        if text is not None and (not text or len(text.split()) != 1):
            yield Problem(
                code="template-id",
                place=loaded.places.of(loc),
                message=say('"{id}" is no id of a template', id=text[:40]),
                hint=say("copy the id from the account's console: 模板消息, or 订阅通知"),
            )
