"""The page to copy an article from: all in it, nothing from afar, and a click copies."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from wechat_support import JPEG, PNG

from announce.channels.wechat.paste import paste_page
from announce.model.message import Article, Blob
from chromium import Tab, browsing, executable

CLIPBOARD = """
(async () => {
  const [item] = await navigator.clipboard.read();
  const read = async (kind) =>
    item.types.includes(kind) ? (await item.getType(kind)).text() : "";
  return [await read("text/html"), await read("text/plain")];
})()
"""
# A pixel each, so that the browser takes them for pictures.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def two(article: Article) -> Article:
    """An article with two pictures, one of them shown twice."""
    html = (
        '<section style="padding: 0 8px"><p style="color: #333333">各位同仁 &amp; 朋友：</p>'
        '<p style="color: #333333"><img src="picture:poster"><img src="picture:qr-1"></p>'
        '<p style="color: #333333"><img src="picture:poster"></p></section>'
    )
    pictures = tuple(
        Blob(name=name, media_type="image/png", data=DOT) for name in ("poster", "qr-1")
    )
    return replace(article, html=html, pictures=pictures)


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Callable[[Article], Tab]]:
    """Opens an article's page in Chromium."""
    program = executable()
    if program is None:
        pytest.skip("no Chromium on this machine")
    with ExitStack() as stack:

        def opened(article: Article) -> Tab:
            for name, data in paste_page(article).items():
                (tmp_path / name).write_bytes(data)
            tab = stack.enter_context(browsing(program, tmp_path / "profile"))
            tab.open((tmp_path / "index.html").as_uri())
            return tab

        yield opened


def click(tab: Tab, source: str) -> str:
    """Press the button that copies from there; what it says then."""
    button = f"document.querySelector('button[data-copy={source}]')"
    tab.run(f"{button}.click()")
    said: str = tab.run(
        "new Promise((done) => { const look = () => { const button = "
        f"{button}; /done|failed/.test(button.className) ? done(button.textContent) "
        ": setTimeout(look, 20) }; look() })"
    )
    return said


def page_of(files: Mapping[str, bytes]) -> str:
    """The page's text."""
    return files["index.html"].decode()


def test_page_brings_cover_and_pictures_beside_it(article: Article) -> None:
    """For a picture that the editor does not take with the rest."""
    files = paste_page(article)

    assert {name: data for name, data in files.items() if name != "index.html"} == {
        "1-cover.png": PNG,
        "1-poster.jpg": JPEG,
    }
    assert page_of(files).count(base64.b64encode(JPEG).decode()) == 1


def test_page_loads_nothing_and_runs_its_own_script_only(article: Article) -> None:
    """Whatever the article holds."""
    page = page_of(paste_page(article))
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])

    assert "default-src 'none'" in policy
    assert ("unsafe-eval" in policy, "script-src 'unsafe" in policy) == (False, False)
    assert re.findall(r'(?:src|href)=["\'](?!data:)', page) == []
    assert page.count("<script>") == 1


def test_values_are_words_on_the_page(article: Article) -> None:
    """A title is no markup."""
    page = page_of(paste_page(replace(article, title="<script>x</script>'\"")))
    assert ("<script>x" in page, "&lt;script&gt;x&lt;/script&gt;&#x27;&quot;" in page) == (
        False,
        True,
    )


def test_message_of_two_has_a_part_each(two: Article) -> None:
    """Their files do not meet; the steps say that there is a next one."""
    second = replace(two, title="Second", language="en", summary="")
    files = paste_page(replace(two, seconds=(second,)))
    page = page_of(files)

    assert set(files) == {
        "index.html", "1-cover.png", "1-poster.png", "1-qr-1.png",
        "2-cover.png", "2-poster.png", "2-qr-1.png",
    }  # fmt: skip
    assert re.findall(r"<h2>(\d) · ", page) == ["1", "2"]
    assert "Add the next article to the same message" in page


def test_empty_fields_have_no_button(bare: Article) -> None:
    """Nothing to copy, nothing to press."""
    page = page_of(paste_page(replace(bare, summary="", author="", original_url="")))
    assert re.findall(r"data-copy='(\S+)'", page) == ["title-1", "article-1"]


def test_click_copies_the_article_with_all_pictures(
    show: Callable[[Article], Tab], two: Article
) -> None:
    """As HTML for the editor, with its styles, and as text."""
    tab = show(two)
    assert click(tab, "article-1") == "Copied"
    html, text = tab.run(CLIPBOARD)

    assert len(re.findall(r'<img[^>]*src="data:image/png;base64,', html)) == 3
    assert "padding: 0" in html
    assert "color: " in html
    assert "各位同仁 & 朋友：" in text


def test_click_copies_title_and_digest(show: Callable[[Article], Tab], two: Article) -> None:
    """As text alone."""
    tab = show(two)
    copied = {}
    for source in ("title-1", "digest-1", "original-1"):
        click(tab, source)
        copied[source] = tab.run("navigator.clipboard.readText()")

    assert copied == {
        "title-1": two.title,
        "digest-1": two.summary,
        "original-1": two.original_url,
    }


def test_browser_that_keeps_its_clipboard_copies_all_the_same(
    show: Callable[[Article], Tab], two: Article
) -> None:
    """By selecting, exactly as the article was made."""
    tab = show(two)
    tab.run("navigator.clipboard.write = () => Promise.reject(new Error('kept')); 0")
    assert click(tab, "article-1") == "Copied"
    html, _ = tab.run(CLIPBOARD)

    assert len(re.findall(r'<img[^>]*src="data:image/png;base64,', html)) == 3
    assert "padding: 0" in html
