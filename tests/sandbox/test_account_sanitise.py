"""What the emulator makes of an article's HTML, after published round trips."""

from __future__ import annotations

import pytest

from announce.sandbox.wechat.sanitise import first_words, sanitise

PICTURE = "http://mmbiz.qpic.cn/mmbiz_png/abc"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("<section><p>正文 &amp; more</p></section>", "<section><p>正文 &amp; more</p></section>"),
        ("loose <b>text</b> tail", "loose <b>text</b> tail"),
        ("a &lt; b", "a &lt; b"),
        ("<p>a</p><script>x()</script>b", "<p>a</p>b"),
        ("<p>a<!-- c -->b</p>", "<p>ab</p>"),
        ("<style>p{}</style><link rel=x><p>a</p>", "<p>a</p>"),
        ("<form><input>gone</form><p>a</p>", "<p>a</p>"),
        ('<p id="x" onclick="y()" class="z" data-k="v">a</p>', '<p class="z" data-k="v">a</p>'),
        ("<blink>a</blink>", "a"),
        ('<iframe src="https://example.org"></iframe>', "<iframe></iframe>"),
        ('<p><a href="https://example.org/x">text</a> after</p>', "<p>text after</p>"),
        (
            '<a href="https://mp.weixin.qq.com/s/abc">kept</a>',
            '<a href="https://mp.weixin.qq.com/s/abc">kept</a>',
        ),
        (f'<img src="{PICTURE}/0?wx_fmt=png">', f'<img data-src="{PICTURE}/640?wx_fmt=png">'),
        ('<p>a<img src="https://example.org/x.png">b</p>', "<p>ab</p>"),
        (
            "<p style=\"font-family:'A B'; margin:0\">a</p>",
            '<p style="font-family:&#39;A B&#39;; margin:0;">a</p>',
        ),
        ('<p style="font-family:&#39;A&#39;">a</p>', '<p style="">a</p>'),
        ('<p style="font-family:&quot;A&quot;">a</p>', '<p style="">a</p>'),
        (
            '<p style="position: absolute; top: 0; color: #1f6b63">a</p>',
            '<p style="top: 0; color: rgb(31, 107, 99);">a</p>',
        ),
        ('<p style="position:sticky">a</p>', '<p style="">a</p>'),
        ('<pre style="margin:0"><code style="color:red">x</code></pre>',
         '<pre style="margin:0;"><code>x</code></pre>'),
        ('<div style="color:red">inline <b>only</b></div>',
         '<div style="color:red;">inline <b>only</b></div>'),
        (
            '<div style="color:red">loose <b>b</b> c<p>block</p>tail</div>after',
            "<p>loose <b>b</b> c</p><p>block</p><p>tail</p>after",
        ),
        ("<div><div><p>deep</p></div></div>", "<p>deep</p>"),
    ],
)  # fmt: skip
def test_stored_html(sent, stored):
    """Each change that users observed, one at a time."""
    assert sanitise(sent) == stored


def test_storing_again_changes_no_plain_article():
    """What the platform keeps, it keeps a second time."""
    stored = sanitise(
        f'<section style="margin:0; color: #333"><h2>题</h2><p>文</p>'
        f'<img src="{PICTURE}/0"><ul><li>项</li></ul></section>'
    )

    assert sanitise(stored) == stored


def test_writing_back_empties_escaped_styles():
    """Content that was read and not decoded loses its styles when it is written back."""
    stored = sanitise("<p style=\"font-family:'A'\">a</p>")

    assert sanitise(stored) == '<p style="">a</p>'


def test_first_words_are_text():
    """Tags and line ends do not count."""
    assert first_words("<p>一\n 二</p> <p>三</p>") == "一 二 三"
