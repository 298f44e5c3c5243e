"""The sandbox: a mail catcher and an official-account emulator, so that a rehearsal is whole.

box.py          both of them, embedded in a command
mailcatcher.py  SMTP          store.py   the mails it kept
sink.py         SMTP, for measuring: mails are counted and dropped     counting.py   starts it
wechat/         the official account
inbox.py pages/ web.py        what they took, to look at in a browser
"""

from announce.sandbox.box import Sandbox
from announce.sandbox.store import CaughtMail
from announce.sandbox.wechat.drafts import Draft, DraftArticle

__all__ = ["CaughtMail", "Draft", "DraftArticle", "Sandbox"]
