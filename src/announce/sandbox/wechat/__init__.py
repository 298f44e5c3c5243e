"""An emulator of the official-account API, as its documents and its users describe it.

It speaks the real protocol over HTTP on loopback: tokens, materials, the draft box, publishing,
mass messages, followers and tags, notices, their limits, quotas and error codes, and the changes
that the platform makes to an article's HTML. Nothing in it was compared with the live service.

server.py     the calls in the platform's order     scripting.py  what tests script and look at
endpoints.py  every endpoint, by family             readers.py    what reached people
"""

from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.drafts import Draft, DraftArticle
from announce.sandbox.wechat.faults import SEASON, Fault, read_fault
from announce.sandbox.wechat.journal import Request
from announce.sandbox.wechat.outbox import MassMessage, Notice, OutArticle, Publication
from announce.sandbox.wechat.population import Follower
from announce.sandbox.wechat.readers import Reached
from announce.sandbox.wechat.rules import DOCUMENTED, STRICT_BYTES, Profile
from announce.sandbox.wechat.server import OfficialAccountServer

__all__ = [
    "DOCUMENTED",
    "SEASON",
    "STRICT_BYTES",
    "Account",
    "AccountKind",
    "Draft",
    "DraftArticle",
    "Fault",
    "Follower",
    "MassMessage",
    "Notice",
    "OfficialAccountServer",
    "OutArticle",
    "Profile",
    "Publication",
    "Reached",
    "Request",
    "read_fault",
]
