"""What the served page has beside the one on disk: the form to approve, and faults as a page."""

from __future__ import annotations

from html import escape

from announce.errors import AnnounceError
from announce.preview.html import page
from announce.preview.index import FORM, live_line, problem_items
from announce.texts import say


def with_form(text: str, version: int, sign: str) -> str:
    """The first page as it is served: it knows its version, and has a form in place of the
    command line."""
    before, _, rest = text.partition(FORM[0])
    after = rest.partition(FORM[1])[2]
    form = (
        '<form id="approve" method="post" action="approve">'
        f'<input type="hidden" name="sign" value="{escape(sign)}">'
        f"<label><span>{escape(say('Your name'))}</span>"
        '<input name="by" required autocomplete="name"></label>'
        f"<label><span>{escape(say('Anything to remember'))}</span>"
        '<input name="note" autocomplete="off"></label>'
        f'<button class="main">{escape(say("Approve exactly what this page shows"))}</button>'
        f'<p class="muted">{escape(say("A name is a record, and no proof of who gave it."))}</p>'
        "</form>"
    )
    return _versioned(before + form + after, version)


def fault_page(version: int, fault: AnnounceError | None) -> str:
    """The faults for which there is nothing to show, each with its place and mend; it goes away
    by itself when they are mended."""
    head = say("There is nothing to show: a file has faults")
    hint = say("Mend what is named here: the page then comes back by itself.")
    return _versioned(_told(head, fault, hint, scripts=("page/live.js",)), version)


def refusal_page(error: AnnounceError) -> str:
    """Why nothing was approved."""
    link = f'<p><a href="./">{escape(say("Look at the preview again"))}</a></p>'
    return _told(say("Nothing was approved"), error, "", after=link)


def _told(
    head: str,
    error: AnnounceError | None,
    hint: str,
    *,
    after: str = "",
    scripts: tuple[str, ...] = (),
) -> str:
    problems = problem_items(getattr(error, "problems", ()))
    told = (error.message, error.hint) if error else ()
    lines = "".join(f"<p>{escape(line)}</p>" for line in (*told, hint) if line)
    body = (
        f"<body>{live_line()}<main><h1>{escape(head)}</h1>"
        f'<section aria-label="{escape(head)}">{lines}{problems}{after}</section></main></body>'
    )
    return page(head, body, scripts=scripts)


def _versioned(text: str, version: int) -> str:
    return text.replace("<body>", f'<body data-version="{version}">', 1)
