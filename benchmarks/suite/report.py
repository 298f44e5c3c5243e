"""Figures as Markdown tables, in English or Chinese, and where they go in the documentation.

Figures are plain dictionaries here: they are kept as JSON between a measurement and its report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

_HEADS: dict[str, dict[str, tuple[str, ...]]] = {
    "clients": {
        "en": (
            "", "messages/s, median (min–max)", "announce is … times as fast",
            "CPU s for 1,000", "peak MB", "KB a message", "rounds × messages",
        ),
        "zh": (
            "", "封/秒，中位数（最低–最高）", "announce 快至几倍",
            "每千封 CPU 秒", "内存峰值 MB", "每封 KB", "轮数 × 封数",
        ),
    },
    "trips": {
        "en": ("", "connections", "messages/s", "messages a round trip", "per connection"),
        "zh": ("", "连接数", "封/秒", "每次往返的封数", "每连接"),
    },
    "large": {
        "en": ("recipients", "command", "seconds", "CPU s", "peak MB"),
        "zh": ("收件人数", "命令", "秒", "CPU 秒", "内存峰值 MB"),
    },
}  # fmt: skip
_WORDS = {
    "announce, one process": "announce，单进程",
    "yagmail, one kept connection": "yagmail，复用一个连接",
    "yagmail, one kept connection, HTML ready": "yagmail，复用一个连接，HTML 事先备好",
    "smtplib + EmailMessage + Jinja2, HTML ready": "smtplib + EmailMessage + Jinja2，HTML 事先备好",
    "nodemailer, pool of 8": "nodemailer，连接池 8",
    "nodemailer, pool of 8, HTML ready": "nodemailer，连接池 8，HTML 事先备好",
    "smtp-source, one fixed message": "smtp-source，同一封固定邮件",
    "smtp-sink of Postfix (PIPELINING offered)": "Postfix 的 smtp-sink（提供 PIPELINING）",
    "the counting sink of announce (PIPELINING offered)": "announce 的计数端（提供 PIPELINING）",
    "plan again": "再次 plan",
    "send again": "再次 send",
}


def sections(figures: Figures, language: str) -> dict[str, str]:
    """The Markdown of every section that was measured, by its name."""
    made = {"machine": machine(figures, language)}
    for name, write in (("clients", clients), ("trips", trips), ("large", large)):
        if figures.get(name):
            made[name] = write(figures, language)
    return made


def machine(figures: Figures, language: str) -> str:
    """On what, with what, by which command; nothing that names a place or a person."""
    about = figures["machine"]
    versions = "; ".join(f"{name} {version}" for name, version in about["versions"].items())
    commands = "; ".join(f"`{one}`" for one in dict.fromkeys(figures["commands"].values()))
    lines = {
        "en": (
            f"Machine: {about['cores']} cores ({about['kind']}), {about['memory']} GB, "
            f"{about['system']}, Python {about['python']}; {about['date']}. "
            f"Sink: {about['sink']}. Versions: {versions}.",
            f"Commands: {commands}" if ";" in commands else f"Command: {commands}",
        ),
        "zh": (
            f"机器：{about['cores']} 核（{about['kind']}），{about['memory']} GB，"
            f"{about['system']}，Python {about['python']}；{about['date']}。"
            f"收信端：{word(about['sink'], language)}。版本：{versions}。",
            f"命令：{commands}",
        ),
    }
    return "\n\n".join(lines[language])


def clients(figures: Figures, language: str) -> str:
    """Everybody's rate, and how many times as fast `announce` was in the same rounds."""
    rows: Sequence[Figures] = figures["clients"]
    ours = next((row["rate"] for row in rows if row["name"] == "announce"), None)
    return _table(
        "clients",
        language,
        (
            (
                word(row["title"], language),
                f"{row['rate']:,.0f} ({row['lowest']:,.0f}–{row['highest']:,.0f})",
                f"{ours / row['rate']:.2f}" if ours else "",
                f"{row['cpu']:.2f}",
                f"{row['peak']:.0f}",
                f"{row['size'] / 1000:.1f}",
                f"{row['rounds']} × {row['messages']:,}",
            )
            for row in rows
        ),
    )


def trips(figures: Figures, language: str) -> str:
    """What a round trip carries; the limit of the protocol is one message a connection."""
    milliseconds = figures["trip"]["milliseconds"]
    rows = []
    for row in figures["trips"]:
        rate = row["messages"] / row["wire"]
        a_trip = rate * milliseconds / 1000
        rows.append((
            word(row["title"], language), str(row["connections"]), f"{rate:,.0f}",
            f"{a_trip:.1f}", f"{a_trip / row['connections']:.2f}",
        ))  # fmt: skip
    checked = "; ".join(
        f"{n}: {median:.1f} ({high:.1f})" for n, median, high in figures["trip"]["accuracy"]
    )
    note = {
        "en": f"Round trip asked for: {milliseconds:g} ms. Measured by ping-pong, connections: "
        f"median (95 of 100 below), ms: {checked}.",
        "zh": f"设定的往返时间：{milliseconds:g} 毫秒。用 ping-pong 实测，连接数："
        f"中位数（95% 低于），毫秒：{checked}。",
    }
    return _table("trips", language, rows) + "\n\n" + note[language]


def large(figures: Figures, language: str) -> str:
    """Memory and time by size of the audience."""
    return _table(
        "large",
        language,
        (
            (
                f"{row['people']:,}",
                word(row["step"], language),
                f"{row['seconds']:.1f}",
                f"{row['cpu']:.1f}",
                f"{row['peak'] / 1e6:.0f}",
            )
            for row in figures["large"]
        ),
    )


def write_into(page: Path, made: dict[str, str]) -> list[str]:
    """Put each section between its marks in a page; the names of those that have none there."""
    text, missing = page.read_text(encoding="utf-8"), []
    for name, body in made.items():
        mark = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- /measured -->)", re.S)
        found = mark.search(text)
        if found is None:
            missing.append(name)
        else:
            text = f"{text[: found.end(1)]}{body}\n{text[found.start(2) :]}"
    page.write_text(text, encoding="utf-8")
    return missing


def _table(name: str, language: str, rows: Any) -> str:
    heads = _HEADS[name][language]
    rule = "|" + "|".join(["---", *["---:"] * (len(heads) - 1)]) + "|"
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def word(text: str, language: str) -> str:
    """A name of the tables in this language."""
    return _WORDS.get(text, text) if language == "zh" else text
