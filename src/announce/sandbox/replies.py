"""The shape of the web inbox's answers: nothing from elsewhere, nothing kept, nothing framed."""

from __future__ import annotations

from urllib.parse import quote

from announce.sandbox.loopback import HttpReply, HttpRequest
from announce.sandbox.pages import Html, frame, nothing
from announce.texts import say

SECURITY = {
    "Cache-Control": "no-store",
    # A mail's frame inherits this: its own styles and inlined pictures, and nothing else.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with it a browser calls the origin of our own forms null.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def choice(request: HttpRequest, known: tuple[str, ...], name: str = "view") -> str:
    """Which of these the address asks for; the first one where it asks for none of them."""
    asked = request.query.get(name, known[0])
    return asked if asked in known else known[0]


def page(text: Html, *, status: int = 200) -> HttpReply:
    """A whole page."""
    return reply(text.encode("utf-8", "replace"), "text/html; charset=utf-8", status=status)


def missing(base: str) -> HttpReply:
    """What stands where there is no page."""
    main = nothing(say("There is no such page"), say("It may have been emptied meanwhile."))
    text = frame(base=base, title=say("There is no such page"), here="", main=main)
    return page(text, status=404)


def moved(target: str) -> HttpReply:
    """After a change: look at this page."""
    return HttpReply(status=303, headers={**SECURITY, "Location": target})


def reply(body: bytes, media_type: str, *, status: int = 200) -> HttpReply:
    """Bytes of a kind."""
    headers = {**SECURITY, "Content-Type": media_type}
    return HttpReply(status=status, headers=headers, body=body)


def download(data: bytes, name: str) -> HttpReply:
    """A file: never shown in the browser, whatever a mail says it is."""
    headers = {
        **SECURITY,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
    }
    return HttpReply(headers=headers, body=data)
