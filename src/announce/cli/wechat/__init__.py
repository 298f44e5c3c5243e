"""`announce wechat`: the official account itself, and the articles that are there."""

from __future__ import annotations

from announce.cli.commands import Commands, mark
from announce.texts import say

COMMANDS = {
    "account": mark("Ask what the account may do by API, and how far articles come with it."),
    "quota": mark("Count today's calls, and say how much more can be done today."),
    "drafts": mark("List the draft box, and whose each draft is."),
    "status": mark("Look how far each article came, and say what a person has to do."),
    "preview": mark("Show a draft to one reader in WeChat."),
    "delete": mark("Take drafts, publications or mass messages of a campaign away for good."),
    "token": mark("Tell the age of the access token that is kept; never the token."),
}


command = Commands(
    room=__name__,
    table=COMMANDS,
    name="wechat",
    help=say("The official account: rights, quotas, articles."),
)
