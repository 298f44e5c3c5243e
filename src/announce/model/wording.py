"""What channels, languages, states and moments are called in the interface."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from announce.model.delivery import State
from announce.texts import say


def channel_name(channel: str) -> str:
    """A channel as people call it."""
    return {
        "email": say("e-mail"),
        "notice": say("WeChat notice"),
        "wechat": say("official account"),
    }[channel]


def listed_channels(channels: Iterable[str]) -> str:
    """Channels as a list in words."""
    return say(", ").join(channel_name(channel) for channel in channels)


def state_name(state: State | str) -> str:
    """A state as people read it."""
    return {
        State.PLANNED: say("planned"),
        State.SENDING: say("sending"),
        State.SENT: say("sent"),
        State.FAILED: say("failed"),
        State.IN_DOUBT: say("in doubt"),
        State.WAITING: say("waiting"),
        State.SKIPPED: say("skipped"),
    }[State(state)]


def language_name(language: str) -> str:
    """A delivery's language, or both with the reader's first, as people read them."""
    names = {"zh": say("Chinese"), "en": say("English")}
    return " + ".join(names[one] for one in language.split("+"))


def way_name(way: str) -> str:
    """How an article is delivered, as people call it."""
    return {
        "draft": say("as a draft"),
        "publish": say("published"),
        "mass": say("mass message"),
        "paste": say("to be pasted"),
    }[way]


def moment_text(moment: datetime) -> str:
    """A moment in its own zone, with the day of the week and the offset."""
    names = (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))
    return f"{names[moment.weekday()]} {moment:%Y-%m-%d %H:%M %z}"


def reason_text(reason: str) -> str:
    """A reason of the ledger as people read it: short words of ours, or somebody's answer."""
    words = {
        "gone": say("no longer in the audience"),
        "suppressed": say("suppressed"),
        "unreachable": say("no address left"),
        "no openid": say("no openid"),
        "past": say("its moment and its grace were past"),
        "closed": say("what it goes by was over"),
        "superseded": say("a later one was due as well"),
        "rescheduled": say("the schedule was changed after it was sent that day"),
        "vanished": say("begun by an entry that the file no longer has"),
        "renamed": say("one that the file no longer has was sent at about that moment"),
        "adopted": say("as its receipt tells"),
        "nobody": say("nobody was left to write to"),
        "by hand": say("by hand"),
        "unsubscribed": say("unsubscribed"),
        "bounced": say("bounced"),
        "manual": say("by hand"),
        "interrupted": say("interrupted"),
        "run died": say("the run died"),
        "broken off": say("the run was broken off"),
        "stopped": say("the run was stopped"),
    }
    return say(": ").join(words.get(part, part) for part in reason.split(": "))
