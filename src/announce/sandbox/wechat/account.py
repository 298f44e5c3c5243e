"""Kinds of accounts, and what each may do by API.

Rights as of July 2025, when unverified accounts lost publishing: facts from
developers.weixin.qq.com/doc/subscription/guide (接口权限) and from users' reports.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class AccountKind(StrEnum):
    """Whose account it is, and whether it is verified (微信认证)."""

    PERSONAL_SUB = "personal_sub"  # 个人订阅号: cannot be verified
    ENT_UNVERIFIED = "ent_unverified"  # 企业, not verified
    VERIFIED_SUB = "verified_sub"  # 认证订阅号
    VERIFIED_SERVICE = "verified_service"  # 认证服务号


_EVERYONE = frozenset({"media", "material", "draft", "openapi"})
_VERIFIED = _EVERYONE | {"clear_quota", "freepublish", "mass", "user", "tags"}
RIGHTS: dict[AccountKind, frozenset[str]] = {
    AccountKind.PERSONAL_SUB: _EVERYONE,
    AccountKind.ENT_UNVERIFIED: _EVERYONE,
    AccountKind.VERIFIED_SUB: _VERIFIED,
    AccountKind.VERIFIED_SERVICE: _VERIFIED | {"mass-by-openid", "template", "subscribe"},
}

_BY_OPENID = "message/mass/send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that the emulator plays.

    `allowed_ips` None means no allow-list; `frozen_secret` answers 40243; `comments` False
    answers 88000 to articles that open comments; `token_kicks_stable` makes each plain token
    end the stable one, as two users report against the documents.
    """

    app_id: str
    app_secret: str = field(repr=False)
    kind: AccountKind = AccountKind.PERSONAL_SUB
    allowed_ips: frozenset[str] | None = None
    frozen_secret: bool = False
    comments: bool = True
    token_kicks_stable: bool = False

    def may(self, path: str) -> bool:
        """Whether this kind of account has the right to an endpoint (`draft/add`)."""
        return _set_of(path) in RIGHTS[self.kind]


def _set_of(path: str) -> str:
    if path == _BY_OPENID:
        return "mass-by-openid"
    if path.startswith("message/"):
        return path.split("/")[1]
    return path.split("/")[0]
