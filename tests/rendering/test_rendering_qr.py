"""QR pictures: of data, never markup, and the same bytes for the same address."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from studio import HEAD, Studio, recipient

from announce.rendering.book import TemplateFault
from announce.rendering.qr import qr_address, qr_file, qr_name, qr_png

URL = "https://example.org/submit?a=1&b=“2”"
NAME = qr_name(URL)


def test_picture_is_a_png_with_its_quiet_zone() -> None:
    """Black on white, with four white squares around it, the same each time."""
    data = qr_png("https://example.org/")
    image = Image.open(io.BytesIO(data)).convert("L")

    assert image.size == (12 * (25 + 8), 12 * (25 + 8))
    assert {image.getpixel((x, 40)) for x in range(48)} == {255}
    assert image.getpixel((54, 54)) == 0
    qr_png.cache_clear()
    assert qr_png("https://example.org/") == data


def test_name_holds_what_the_picture_shows() -> None:
    """Any address travels as a name of letters; what is no such name shows nothing."""
    assert qr_address(NAME) == URL
    assert set(NAME.removeprefix("qr:")) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )
    assert [qr_address(name) for name in ("topics", "qr:", "qr:!", qr_name("javascript:x"))] == [
        None
    ] * 4
    assert qr_file(URL) != qr_file(f"{URL}3")


def test_article_shows_it_with_its_caption(studio: Callable[..., Studio]) -> None:
    """A figure of its own; address and caption stay data."""
    body = '{{ facts.url | qr("<b>Scan</b>") }}\n'
    made = studio({"en/note.md.j2": HEAD + body}, facts={"url": URL})

    assert made.article().article_html == (
        f'<figure class="qr"><img src="picture:{NAME}" '
        'alt="https://example.org/submit?a=1&amp;b=“2”">'
        "<figcaption>&lt;b&gt;Scan&lt;/b&gt;</figcaption></figure>"
    )


def test_mail_shows_picture_and_text_part_the_address(studio: Callable[..., Studio]) -> None:
    """Who reads plain text can follow it too."""
    body = '{{ facts.url | qr("Scan") }}\n\n{{ facts.url | qr }}\n'
    words = studio({"en/note.md.j2": HEAD + body}, facts={"url": "https://example.org/"}).words()

    assert words.pictures == (qr_name("https://example.org/"),)
    assert words.html.count('class="qr" width="180" height="180"><span class="caption">Scan') == 1
    assert words.text == "Scan: https://example.org/\n\nhttps://example.org/"


def test_recipients_own_address_becomes_their_own_picture(studio: Callable[..., Studio]) -> None:
    """A value of the audience is drawn as a fact is."""
    made = studio({"en/note.md.j2": HEAD + "{{ recipient.form | qr }}\n"})
    pictures = [
        made.words(recipient(form=f"https://example.org/{who}")).pictures for who in ("a", "b")
    ]

    assert pictures == [(qr_name("https://example.org/a"),), (qr_name("https://example.org/b"),)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{{ "Hello" | qr }}', '"Hello" is no address of the web'),
        ('{{ "javascript:x()" | qr }}', '"javascript:x()" is no address of the web'),
        (f'{{{{ "https://example.org/{"x" * 400}" | qr }}}}', "the address is too long for a QR"),
        ("![](qr:abc)", 'the campaign has no picture "qr:abc"'),
    ],
)
def test_what_cannot_be_drawn_is_told(note: Callable[..., object], body: str, message: str) -> None:
    """With the cause."""
    with pytest.raises(TemplateFault) as caught:
        note(body)
    assert caught.value.what.startswith(message)


def test_head_has_no_place_for_a_picture(studio: Callable[..., Studio]) -> None:
    """A subject is a line of text."""
    head = "---\nsubject: \"{{ 'https://example.org' | qr }}\"\n---\n"
    with pytest.raises(TemplateFault) as caught:
        studio({"en/note.md.j2": f"{head}Words\n"}).words()
    assert caught.value.what == "a QR picture has its place in the body"
