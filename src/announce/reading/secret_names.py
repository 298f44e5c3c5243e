"""Keys whose values are secrets: no message repeats what stands behind them."""

from __future__ import annotations

import re

from announce.reading.places import Loc

SECRET_KEY = re.compile(
    r"(?:^|[_\-\s.])(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|app[_-]?secret|private[_-]?key|auth[_-]?code|密码|口令|密钥|授权码)\Z",
    re.I,
)


def is_secret(loc: Loc) -> bool:
    """Whether a value stands at or below a secret's key."""
    return any(isinstance(step, str) and SECRET_KEY.search(step) for step in loc)


def masked(line: str) -> str:
    """A line `key：value`, its value hidden where the key is a secret's."""
    key, colon, _value = line.partition("：")
    return f"{key}{colon}…" if SECRET_KEY.search(key.strip(" -\"'“”")) else line
