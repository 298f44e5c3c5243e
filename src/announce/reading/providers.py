"""Mistyped domains of the large mail providers."""

from __future__ import annotations

# By hand, November 2026: the providers that Chinese and international lists hold most.
PROVIDERS = (
    "qq.com", "163.com", "126.com", "139.com", "189.cn", "foxmail.com", "yeah.net", "sina.com",
    "sina.cn", "sohu.com", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "icloud.com",
    "yahoo.com",
)  # fmt: skip
_TYPED_ENDS = frozenset({
    "con", "cmo", "ocm", "comm", "coom", "vom", "xom", "cim", "cpm", "om", "cm",
    "clm", "c0m", "cnm",
})  # fmt: skip
# Real providers one letter away from a larger one.
_REAL = frozenset({
    "mail.com", "ymail.com", "email.com", "hmail.com", "gmx.com", "cloud.com", "me.com", "soho.com",
    "sohu.net", "tmail.com", "rmail.com",
})  # fmt: skip
_NAMES = {domain.rpartition(".")[0]: domain for domain in PROVIDERS}
# Shorter names are too near to one another: 136.com, 188.com and qqq.com exist.
_LONG_ENOUGH = 5


def likely_domain(domain: str) -> str | None:
    """The provider's domain that was probably meant, or None where there is no doubt."""
    if domain in PROVIDERS or domain in _REAL:
        return None
    name, _dot, end = domain.rpartition(".")
    if name in _NAMES and end in _TYPED_ENDS:
        return _NAMES[name]
    if end != "com" and end not in _TYPED_ENDS:
        return None
    near = [
        known for known in PROVIDERS
        if known.endswith(".com") and len(known) - 4 >= _LONG_ENOUGH and one_apart(name, known[:-4])
    ]  # fmt: skip
    return near[0] if len(near) == 1 else None


def one_apart(word: str, known: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour makes the other."""
    if word == known or abs(len(word) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    a, b = word[start:], known[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
