"""How often the platform lets an account call each endpoint: documented figures with sources.

https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Of a new account, as of a date: calls a day by endpoint, a day being one of `zone`; mass
    messages of a subscription account a day, and that a service account's follower gets a month."""

    as_of: str
    zone: ZoneInfo
    a_day: Mapping[str, int]
    mass_a_day: int
    mass_a_month: int


@cache
def documented() -> Quotas:
    """The figures of `data/wechat_quotas.yaml`."""
    text = (files("announce") / "data" / "wechat_quotas.yaml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    return Quotas(
        as_of=str(loaded["as_of"]),
        zone=ZoneInfo(loaded["zone"]),
        a_day=loaded["a_day"],
        mass_a_day=int(loaded["mass"]["subscription"]["a_day"]),
        mass_a_month=int(loaded["mass"]["service"]["a_month"]),
    )
