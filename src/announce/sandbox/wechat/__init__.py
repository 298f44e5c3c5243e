"""An emulator of the official-account API, as its documents and its users describe it.

It speaks the real protocol over HTTP on loopback: tokens, materials, the draft box, their
limits and error codes, and the changes that the platform makes to an article's HTML. It does
not publish, mass-send or know followers. Nothing in it was compared with the live service.
"""

from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.drafts import Draft, DraftArticle
from announce.sandbox.wechat.journal import Fault, Request
from announce.sandbox.wechat.rules import DOCUMENTED, STRICT_BYTES, Profile
from announce.sandbox.wechat.server import OfficialAccountServer

__all__ = [
    "DOCUMENTED",
    "STRICT_BYTES",
    "Account",
    "AccountKind",
    "Draft",
    "DraftArticle",
    "Fault",
    "OfficialAccountServer",
    "Profile",
    "Request",
]
