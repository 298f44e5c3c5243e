"""Documents: Markdown as the HTML of a mail, as plain text, and as an article."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml import html as lxml_html
from studio import HEAD, LAYOUTS, Studio, recipient

from announce.rendering.faults import TemplateFault
from announce.rendering.words import Words

RICH = """\
# Title

First **bold**, *em* and `code`,
second line; [a page](https://example.org/a?b=1&c=2), then <https://example.org/bare>.

![The logo](logo)

## Section

- one
- two
  - nested
  - more

    second paragraph
3. three
4. four

> quoted
> [end](mailto:a@example.org)

| What | When |
| --- | ---: |
| Start | {{ facts.day }} |

| A | B | C |
|---|---|---|
| a | b | c |

```
x = 1
  y < 2
```

---

{{ facts.weixin | link("an article") }} and {{ facts.url | link("a page") }}
"""
FACTS = {
    "day": "Monday", "url": "https://example.org/a?b=1&c=2",
    "weixin": "https://mp.weixin.qq.com/s/abc",
}  # fmt: skip
TEXT = """\
■ Title

First bold, em and code, second line; a page (https://example.org/a?b=1&c=2), then https://example.org/bare.

[Picture: The logo]


■ Section

• one
• two
  – nested

  – more

    second paragraph

3. three
4. four

> quoted end: a@example.org

Start: Monday

• a
  B: b
  C: c

    x = 1
      y < 2

────────────────────────

an article (https://mp.weixin.qq.com/s/abc) and a page: https://example.org/a?b=1&c=2"""


@pytest.fixture
def rich(studio: Callable[..., Studio]) -> Studio:
    """A campaign whose template uses all of Markdown, in both languages."""
    texts = {f"{language}/note.md.j2": HEAD + RICH for language in ("zh", "en")}
    return studio(texts, facts=FACTS, pictures={"logo": "assets/logo.png"})


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("**征稿通知：**请投稿", "<strong>征稿通知：</strong>请投稿"),
        ("请**“投稿”**吧", "请<strong>“投稿”</strong>吧"),
        ("**{{ recipient.name }}：**请投稿", "<strong>Ada：</strong>请投稿"),
        ("**致{{ recipient.name }}**您好", "<strong>致Ada</strong>您好"),
        ("{{ recipient.name }}**（注意）**请", "Ada<strong>（注意）</strong>请"),
        ("请*{{ recipient.name }}*投稿", "请<em>Ada</em>投稿"),
        ("你好，\n世界", "你好，世界"),
        ("你好\n{{ recipient.name }}\n世界", "你好Ada世界"),
        ("Dear\n{{ recipient.name }}\nhello", "Dear\nAda\nhello"),
        ("<b>x</b> & <script>", "&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;"),
    ],
)
def test_markdown_beside_chinese(note: Callable[..., Words], body: str, html: str) -> None:
    """Emphasis works beside Chinese and around values, and lines join as the script asks."""
    assert note(body + "\n").html == f"<p>{html}</p>"


def test_text_reads_well(rich: Studio) -> None:
    """The text part has no signs of Markdown, and all that the HTML says."""
    assert rich.words().text == TEXT


def test_text_in_chinese_uses_its_signs(studio: Callable[..., Studio]) -> None:
    """Colons and pictures are told in Chinese; a full stop does not touch an address."""
    body = "| a | b |\n|---|---|\n| 甲 | 乙 |\n\n![图](logo)见<https://example.org/>。\n"
    made = studio({"zh/note.md.j2": HEAD + body}, pictures={"logo": "a.png"})

    assert made.words(language="zh").text == "甲：乙\n\n[图：图]见https://example.org/ 。"


def test_html_of_a_mail_is_semantic(rich: Studio) -> None:
    """Headings, lists, quotations and tables are what they are called."""
    tree = lxml_html.fromstring(f"<div>{rich.words().html}</div>")

    assert [str(node.tag) for node in tree] == [
        "h1", "p", "p", "h2", "ul", "ol", "blockquote", "table", "table", "pre", "hr", "p",
    ]  # fmt: skip
    assert tree.xpath("//ol/@start") == ["3"]
    assert tree.xpath("//li//li/p/text()") == ["nested", "more", "second paragraph"]
    assert tree.xpath("//td/@align") == ["right"]
    assert tree.xpath("//img/@src") == ["picture:logo"]
    assert rich.words().pictures == ("logo",)


def test_table_head_over_all_columns(note: Callable[..., Words]) -> None:
    """A single head spans the table; an empty one is left out."""
    one = note("| Yours | |\n|---|---|\n| a | b |\n").html
    none = note("| | |\n|---|---|\n| a | b |\n").html

    assert '<thead><tr><th scope="colgroup" colspan="2">Yours</th></tr></thead>' in one
    assert "thead" not in none


def test_mail_page_is_whole(rich: Studio) -> None:
    """The page names its language, title and preheader, keeps two sets of rules, loads nothing."""
    page = rich.renderer.mail_html([rich.words()], subject="Hello <you>")
    tree = lxml_html.fromstring(page)

    assert page.startswith(
        '<!DOCTYPE html><html lang="en" dir="ltr"><head>\n<meta charset="utf-8">'
    )
    assert tree.findtext(".//title") == "Hello <you>"
    assert re.findall(r"@media \(([a-z-]+)", page) == ["max-width", "prefers-color-scheme"]
    assert "var(" not in page and "@import" not in page and "<script" not in page
    assert tree.xpath("//*[@src]/@src") == ["picture:logo"]
    assert all(node.get("style") for node in tree.xpath("//p | //h1 | //h2 | //td | //a[@href]"))


def test_mail_bilingual_has_two_halves(rich: Studio) -> None:
    """Each half has its language, and the first leads to the second."""
    halves = [rich.words(language="zh"), rich.words(language="en")]
    pictures = {"zh": {"logo": "cid:a"}, "en": {"logo": "https://example.org/b.png?x=1&y=2"}}

    tree = lxml_html.fromstring(rich.renderer.mail_html(halves, pictures=pictures))

    assert tree.get("lang") == "zh-Hans"
    assert tree.xpath("//div[@lang]/@lang") == ["zh-Hans", "en"]
    assert tree.xpath("//a[starts-with(@href, '#')]/text()") == ["English below ↓"]
    assert tree.xpath("//a[starts-with(@href, '#')]/@href") == ["#en"]
    assert tree.xpath("//a[@id]/@id") == ["en"]
    assert tree.xpath("//img/@src") == ["cid:a", "https://example.org/b.png?x=1&y=2"]
    assert tree.findtext(".//title") == "Hello / Hello"


def test_mail_text_bilingual(studio: Callable[..., Studio]) -> None:
    """The text part has both languages, the way to the second, and the footers."""
    made = studio({
        "en/note.md.j2": HEAD + "Hi {{ recipient.name }}\n",
        "zh/note.md.j2": HEAD + "{{ recipient.name }}，您好\n",
        "en/parts/footer.md.j2": "{{ unsubscribe | email }}\n",
        "zh/parts/footer.md.j2": "退订 {{ unsubscribe | email }}\n",
    })  # fmt: skip
    halves = [
        made.words(recipient("Bo"), language=language, unsubscribe="out@example.org")
        for language in ("en", "zh")
    ]

    assert made.renderer.mail_text(halves) == (
        "中文在下 ↓\n\nHi Bo\n\n────────────────────────\n\nout@example.org\n\n\n"
        "════════════════════════\n\n\nBo，您好\n\n────────────────────────\n\n"
        "退订 out@example.org\n"
    )


def test_article_holds_only_what_survives(rich: Studio) -> None:
    """No class, id, list, div or foreign link; every paragraph has a colour; notes at the end."""
    article = rich.renderer.article_html(rich.article())
    tree = lxml_html.fromstring(article)
    tags = {str(node.tag) for node in tree.iter()}

    assert not tags & {"div", "ul", "ol", "li", "style", "script", "code"}
    assert "class=" not in article and " id=" not in article and "position" not in article
    assert "&" not in "".join(tree.xpath("//@style"))
    assert all("color:" in node.get("style") for node in tree.iter("p"))
    assert tree.xpath("//a/@href") == ["https://mp.weixin.qq.com/s/abc"]
    assert tree.xpath("//sup/text()") == ["[1]", "[2]", "[3]"]
    assert [node.text_content() for node in tree.xpath("//section[last()]/p")][-4:] == [
        "Links",
        "[1] https://example.org/a?b=1&c=2",
        "[2] a@example.org",
        "[3] https://example.org/a?b=1&c=2",
    ]
    assert "• one" in tree.text_content() and "3. three" in tree.text_content()


def test_article_notes_are_told_once(studio: Callable[..., Studio]) -> None:
    """One address has one number; one that is visible has none."""
    body = (
        "{{ facts.url | link }} {{ facts.url | link('a') }} {{ facts.url | link('b') }}"
        " [c](https://example.org/c)\n"
    )
    made = studio({"zh/note.md.j2": HEAD + body}, facts=FACTS)

    tree = lxml_html.fromstring(made.renderer.article_html(made.article("zh")))

    assert tree.xpath("//sup/text()") == ["[1]", "[1]", "[2]"]
    assert [node.text_content() for node in tree.xpath("//section/section/p")] == [
        "参考链接", "[1] https://example.org/a?b=1&c=2", "[2] https://example.org/c",
    ]  # fmt: skip


def test_article_keeps_text_that_looks_like_attributes(
    studio: Callable[..., Studio],
) -> None:
    """Only tags lose their classes, never the words."""
    made = studio({"en/note.md.j2": HEAD + 'Write class="x" id="y" > 1\n'})

    article = made.renderer.article_html(made.article())

    assert lxml_html.fromstring(article).text_content().strip() == 'Write class="x" id="y" > 1'


@pytest.mark.parametrize(
    "rule", ['p { font-family: "A B" }', "p { position: relative }", "p { background: url(a.png) }"]
)
def test_theme_that_does_not_survive_is_a_fault(rich: Studio, rule: str) -> None:
    """A theme with quotes, positions or addresses in its styles is told."""
    (rich.root / "templates/layouts/themes/own.css").write_text(rule)

    with pytest.raises(TemplateFault) as raised:
        rich.renderer.article_html(rich.article(), "own")

    assert str(raised.value.problem.place) == "templates/layouts/themes/own.css"


def test_theme_unknown_is_a_fault(rich: Studio) -> None:
    """A theme that is not there is told with the nearest one."""
    with pytest.raises(TemplateFault) as raised:
        rich.renderer.article_html(rich.article(), "plian")

    assert raised.value.problem.hint == 'did you mean "plain"?'


def test_layout_at_fault_has_its_place(rich: Studio) -> None:
    """A layout's fault is told with its file and line; a missing one with its file."""
    words = rich.words()
    (rich.root / "templates/layouts/mail.html.j2").write_text("<p>\n{{ nothing }}")
    (rich.root / "templates/layouts/mail.txt.j2").unlink()

    places = []
    for render in (rich.renderer.mail_html, rich.renderer.mail_text):
        with pytest.raises(TemplateFault) as raised:
            render([words])
        places.append(str(raised.value.problem.place))

    assert places == ["templates/layouts/mail.html.j2:2", "templates/layouts/mail.txt.j2"]


def test_layouts_use_no_font_names_in_quotes() -> None:
    """Quotes in a style become entities, which an official account does not take."""
    for path in LAYOUTS.rglob("*.css"):
        assert not re.search(
            r"""["'@]""", re.sub(r"@media|/\*.*?\*/", "", path.read_text(), flags=re.S)
        )
