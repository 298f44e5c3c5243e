"""Writes the reference pages from the models and the commands, in both languages.

    python scripts/reference.py          write docs/reference/
    python scripts/reference.py --check  say which page is not what would be written; exit 1

A process speaks one language (help texts are read at import), so each is written by its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
SUFFIX = {"en": ".md", "zh": ".zh.md"}


def pages(language: str) -> dict[str, str]:
    """Every page in one language, by file name. To be called in a process that speaks it."""
    from announce.model.campaign import Campaign
    from announce.model.project import Settings

    zh = language == "zh"
    made = (
        "由 `scripts/reference.py` 生成，请勿手改。"
        if zh
        else ("Made by `scripts/reference.py`; do not edit by hand.")
    )
    titles = {
        "settings": "设置参考：`announce.yaml`" if zh else "Settings: `announce.yaml`",
        "campaign": "活动文件参考：`campaigns/*.yaml`"
        if zh
        else "Campaign files: `campaigns/*.yaml`",
        "commands": "命令参考" if zh else "Commands",
        "checks": "检查参考" if zh else "Checks",
    }
    bodies = {
        "settings": model_page(Settings, language),
        "campaign": model_page(Campaign, language),
        "commands": commands_page(),
        "checks": checks_page(language),
    }
    return {
        name + SUFFIX[language]: f"# {titles[name]}\n\n<!-- {made} -->\n\n{bodies[name]}\n"
        for name in titles
    }


def checks_page(language: str) -> str:
    """Every check by family: code, severity, why it is looked for, and the mend."""
    from announce.checks.catalogue import checks

    zh = language == "zh"
    heads = "| 代码 | 严重程度 | 为何检查 | 如何改 |" if zh else "| Code | Severity | Why | Mend |"
    severities = {"error": "错误", "warning": "提醒"}
    families: dict[str, list[str]] = {}
    for one in checks().values():
        severity = severities[one.severity.value] if zh else one.severity.value
        cells = (f"`{one.code}`", severity, one.reason[language], one.mend[language])
        row = "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        families.setdefault(one.family, []).append(row)
    return "\n\n".join(
        f"## {family}\n\n{heads}\n|---|---|---|---|\n" + "\n".join(rows)
        for family, rows in families.items()
    )


def model_page(model: Any, language: str) -> str:
    """A model and those inside it, a table each."""
    schema = model.model_json_schema()
    described = {one.__name__: one for one in models(model)}
    parts = [table(schema, language, model)]
    for name, inner in schema.get("$defs", {}).items():
        if inner.get("type") == "object":
            parts.append(f"## {name}\n\n{table(inner, language, described.get(name))}")
    return "\n\n".join(parts)


def models(kind: Any) -> Iterator[Any]:
    """A model and those inside it, or those that a type names."""
    if hasattr(kind, "model_fields"):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for inner in get_args(kind):
        yield from models(inner)


def words(entry: dict[str, Any], field: Any) -> dict[str, str] | None:
    """What a key means, in both languages. A schema leaves it out beside a reference to a model
    where there is no default; the field has it."""
    if "description" in entry:
        return {"en": entry["description"], "zh": entry["description_zh"]}
    if field is None or not field.description:
        return None
    return {"en": field.description, "zh": field.json_schema_extra["description_zh"]}


def table(schema: dict[str, Any], language: str, model: Any = None) -> str:
    """The keys of one model."""
    own = (
        {field.alias or name: field for name, field in model.model_fields.items()} if model else {}
    )
    heads = (
        ("键", "取值", "缺省", "含义")
        if language == "zh"
        else ("key", "value", "default", "meaning")
    )
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---|---|"]
    required = set(schema.get("required", []))
    must = "必填" if language == "zh" else "required"
    for name, entry in schema.get("properties", {}).items():
        if (told := words(entry, own.get(name))) is None:
            continue
        meaning = told[language]
        default = must if name in required else shown_default(entry.get("default"))
        cells = (f"`{name}`", values(entry), default, meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def values(entry: dict[str, Any]) -> str:
    """What a key takes, in words of the schema."""
    if "anyOf" in entry:
        kinds = [values(one) for one in entry["anyOf"] if one.get("type") != "null"]
        return " / ".join(dict.fromkeys(kinds))
    if "enum" in entry:
        return " / ".join(f"`{one}`" for one in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if entry.get("type") == "array":
        return f"[{values(entry.get('items', {}))}]"
    if entry.get("type") == "object":
        names = entry.get("propertyNames", {}).get("enum")
        return "{" + ", ".join(names) + "}" if names else "{…}"
    return str(entry.get("type", "…"))


def shown_default(value: Any) -> str:
    """A default as YAML writes it; a nested one is described by its own table."""
    if value is None or value in ([], {}) or isinstance(value, dict):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "`[" + ", ".join(str(one) for one in value) + "]`"
    return f"`{value}`"


def commands_page() -> str:
    """The help of every command, as the terminal shows it."""
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps())


def helps() -> Iterator[tuple[str, str]]:
    """Each command's name and help, subcommands included."""
    import click

    from announce.cli.app import build

    group = build()
    context = click.Context(group, info_name="announce", max_content_width=80, terminal_width=80)
    yield "announce", group.get_help(context)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=80)
        yield f"announce {name}", command.get_help(inner)
        if isinstance(command, click.Group):
            for sub in command.list_commands(inner):
                below = command.get_command(inner, sub)
                assert below is not None
                deepest = click.Context(below, info_name=sub, parent=inner, terminal_width=80)
                yield f"announce {name} {sub}", below.get_help(deepest)


def write(language: str, *, check: bool) -> list[str]:
    """Write one language's pages, or say which differ."""
    from announce.texts import speak

    speak(language)
    stale = []
    for name, text in pages(language).items():
        path = PAGES / name
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path.relative_to(ROOT)))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return stale


def main() -> int:
    """Write or check both languages, each in a process of its own."""
    if wanted := os.environ.get("REFERENCE_LANGUAGE"):
        stale = write(wanted, check="--check" in sys.argv)
        for name in stale:
            print(f"{name} is not what the code says: run python scripts/reference.py")
        return 1 if stale else 0
    codes = [
        subprocess.run(
            [sys.executable, __file__, *sys.argv[1:]],
            env=os.environ | {"REFERENCE_LANGUAGE": language},
            check=False,
        ).returncode
        for language in SUFFIX
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
