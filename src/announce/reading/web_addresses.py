"""Web addresses that WeChat is given: whole, and not longer than it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from announce.model.languages import LANGUAGES
from announce.problems import Problem
from announce.reading.places import Loc
from announce.reading.project import text_at
from announce.reading.schema import value_at
from announce.reading.yamlfile import Loaded
from announce.texts import say

# Of draft/add's content_source_url, and of a template message's url (40039):
# https://developers.weixin.qq.com/doc/offiaccount/Draft_Box/Add_draft.html
MAX_URL_BYTES = 1024


def web_address_problems(loaded: Loaded, way: Loc) -> Iterator[Problem]:
    """Faults of one web address at this way down, or of one a language, if any is written."""
    is_one = isinstance(value_at(loaded.value, way), str)
    for step in [()] if is_one else [(one,) for one in LANGUAGES]:
        loc: Loc = (*way, *step)
        if url := text_at(loaded, loc):
            yield from _address(loaded, loc, url)


def _address(loaded: Loaded, loc: Loc, url: str) -> Iterator[Problem]:
    if not re.match(r"https?://", url):
        message = say('"{url}" is no web address', url=url[:80])
        yield _at(loaded, loc, message, say("write a whole http or https address"))
    elif len(url.encode()) > MAX_URL_BYTES or len(url.split()) > 1:
        message = say("this web address is too long or has spaces")
        yield _at(loaded, loc, message, say("at most {n} bytes, without spaces", n=MAX_URL_BYTES))


def _at(loaded: Loaded, loc: Loc, message: str, hint: str) -> Problem:
    return Problem(code="url", place=loaded.places.of(loc), message=message, hint=hint)
