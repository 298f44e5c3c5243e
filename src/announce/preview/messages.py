"""The frame of the list and of the viewer, which the page's scripts fill."""

from __future__ import annotations

from html import escape

from announce.texts import say


def messages_part() -> str:
    """Search, filters, list and viewer, and the help for the keyboard."""
    noscript = say("The list needs JavaScript; the exact files are in the folder mail/.")
    return (
        '<section id="messages" aria-labelledby="messages-head">'
        f'<h2 id="messages-head">{escape(say("Messages"))}</h2>'
        f"<noscript><p>{escape(noscript)}</p></noscript>"
        f'{_tools()}<div class="panes"><div class="pane">'
        f'<div id="list" role="listbox" tabindex="0" aria-label="{escape(say("Messages"))}"></div>'
        f"</div>{_viewer()}</div>"
        '<div id="printed"></div></section>'
        f"{_help()}"
    )


def _tools() -> str:
    filters = "".join(
        _select(name, label)
        for name, label in (
            ("language", say("language")),
            ("variant", say("class")),
            ("channel", say("channel")),
            ("state", say("state")),
            ("kind", say("kind")),
            ("marks", say("warnings")),
        )
    )
    buttons = "".join(
        f'<button type="button" id="{name}">{escape(label)}</button>'
        for name, label in (
            ("random", say("A random one")),
            ("longest", say("The longest")),
            ("empty", say("Next with an empty field")),
            ("clear", say("Clear")),
            ("ask", say("Keyboard")),
        )
    )
    return (
        f'<form id="tools" role="search" aria-label="{escape(say("Find messages"))}">'
        f'<label class="search"><span>{escape(say("Search"))}</span>'
        f'<input type="search" id="search" autocomplete="off" spellcheck="false"></label>'
        f'{filters}<div class="jumps">{buttons}</div></form>'
        '<p id="count" role="status" aria-live="polite"></p>'
    )


def _select(name: str, label: str) -> str:
    return (
        f'<label hidden><span>{escape(label)}</span><select id="filter-{name}" '
        f'data-filter="{name}"><option value="">{escape(say("all"))}</option></select></label>'
    )


def _viewer() -> str:
    hint = say("Choose a message: it is shown here as its reader sees it.")
    return (
        f'<section id="viewer" aria-label="{escape(say("The message"))}">'
        f'<p class="muted">{escape(hint)}</p></section>'
    )


def _help() -> str:
    keys = (
        ("j ↓", say("next message")),
        ("k ↑", say("previous message")),
        ("/", say("search")),
        ("r", say("a random one")),
        ("1 – 7", say("another view of the message")),
        ("Esc", say("back to the list")),
        ("?", say("this help")),
    )
    rows = "".join(
        f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(what)}</dd>" for key, what in keys
    )
    return (
        f'<dialog id="help" aria-labelledby="help-head"><h2 id="help-head">'
        f"{escape(say('Keyboard'))}</h2><dl>{rows}</dl>"
        f'<form method="dialog"><button>{escape(say("Close"))}</button></form></dialog>'
    )
