"""What may stand in the fields of a template or subscription message.

https://developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html
The kind of a field is the beginning of its name: `thing1`, `character_string2`, `time3`.
"""

from __future__ import annotations

import re
from typing import Any

from announce.sandbox.wechat.protocol import ApiError

_FIELD = re.compile(r"\{\{\s*([A-Za-z_]+\d*)\.DATA\s*\}\}")
_KIND = re.compile(r"[a-z_]+?(?=\d*\Z)")
_HAN = r"[\u3400-\u9fff\uf900-\ufaff]"
_RULES = {
    "thing": re.compile(r"[^\n]{1,20}\Z"),
    "number": re.compile(r"-?\d(?:[\d.]{0,31})\Z"),
    "letter": re.compile(r"[A-Za-z]{1,32}\Z"),
    "symbol": re.compile(r"[^\w\s]{1,5}\Z"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}\Z"),
    "time": re.compile(
        r"(?:\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?\s?)?\d{1,2}:\d{2}(?::\d{2})?(?:\s?~\s?.{4,24})?\Z"
    ),
    "date": re.compile(
        r"\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?(?:\s?\d{1,2}:\d{2}(?::\d{2})?)?(?:\s?~\s?.{4,24})?\Z"
    ),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(?:\.\d{1,2})?元?\Z"),
    "phone_number": re.compile(r"[\d+() -]{1,17}\Z"),
    "car_number": re.compile(r"\S{1,8}\Z"),
    "name": re.compile(rf"(?:(?:{_HAN}|·){{1,10}}|[^\u3400-\u9fff\d\n]{{1,20}})\Z"),
    "phrase": re.compile(rf"{_HAN}{{1,5}}\Z"),
    "const": re.compile(r"[^\n]{1,20}\Z"),
}
_LONGEST_FREE = 200


def fields_of(content: str) -> list[str]:
    """The names of a template's fields, in its order."""
    return _FIELD.findall(content)


def filled(content: str, data: object) -> str:
    """A template's text with `data` in it; 47003 names the first field that does not do."""
    if not isinstance(data, dict):
        raise ApiError(47003, "argument invalid! data is missing")
    values = {name: _value(name, data.get(name)) for name in fields_of(content)}
    for name in data.keys() - values.keys():
        raise _invalid(str(name))
    return _FIELD.sub(lambda match: values[match[1]], content)


def _value(name: str, given: Any) -> str:
    value = given.get("value") if isinstance(given, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise _invalid(name)
    kind = _KIND.match(name)
    rule = _RULES.get(kind[0]) if kind else None
    if rule is None:
        if len(value) > _LONGEST_FREE:
            raise _invalid(name)
    elif not rule.match(value):
        raise _invalid(name)
    return value


def _invalid(name: str) -> ApiError:
    return ApiError(47003, f"argument invalid! data.{name}.value is invalid")
