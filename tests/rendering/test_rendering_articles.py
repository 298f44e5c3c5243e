"""What an article looks like: elements, themes, and that all of it survives the platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from studio import CAMPAIGN, HEAD, LAYOUTS, SETTINGS, Studio

from announce.channels.wechat.limits import sources
from announce.channels.wechat.readback import differences
from announce.model.campaign import Campaign
from announce.model.project import Project, Settings
from announce.rendering.book import TemplateBook, TemplateFault
from announce.rendering.renderer import Renderer
from announce.rendering.survival import lost_properties, lost_tags
from announce.sandbox.wechat.sanitise import sanitise

THEMES = sorted(path.stem for path in (LAYOUTS / "themes").glob("*.css"))
UPLOADED = "http://mmbiz.qpic.cn/mmbiz_png/abc/0?wx_fmt=png"
# Each element that words may have, one below the other.
EVERYTHING = """
::: lead
Due 10 February · Singapore
:::

First words with **bold**, *slanted*, ~~struck~~ and `code`, and [a link](https://example.org/a?b=1&c=2).
A second line, and [an article](https://mp.weixin.qq.com/s/abc).

## Section

### Part

- one
  - two
    - three

      and more of it
      1. four
- five

1. **Open data:** what it is about
2. **Open models:** and these

> A quote
>
> in two parts, with <https://example.org/shown>

| What | When |
| :-- | --: |
| Start | **6 January** |
| End | 24 April |

| Name | | |
| --- | --- | --- |
| a | b | c |

![A map](map)

![A map](map "Where we meet & eat")

Beside words ![A map](map "small").

{{ "https://example.org/submit?x=1" | qr("Scan to submit") }}

{{ "https://example.org/review" | qr }}

```
plain text  <b>&amp;
```

---

::: note
Mind this
:::

::: sponsor
We thank **Example Ltd**
:::

::: original
Tap “Read more”
:::
"""


@pytest.fixture
def page(studio: Callable[..., Studio]) -> Callable[..., str]:
    """The HTML of an article with this body, in a theme."""

    def make(body: str, theme: str = "plain") -> str:
        made = studio({"en/note.md.j2": HEAD + body}, pictures={"map": "assets/map.png"})
        return made.renderer.article_html(made.article(), theme)

    return make


def uploaded(content: str) -> str:
    """The HTML as it is sent, its pictures at the platform's addresses."""
    return re.sub(r'src="picture:[^"]*"', f'src="{UPLOADED}"', content)


def lost(content: str) -> list[str]:
    """What differs after a round trip through the draft box."""
    sent = uploaded(content)
    return differences({"content": sent}, {"content": sanitise(sent)})


@pytest.mark.parametrize("theme", THEMES)
def test_every_element_survives_the_platform(page: Callable[..., str], theme: str) -> None:
    """The same tags, styles, pictures and words come back, in every theme there is."""
    content = page(EVERYTHING, theme)

    assert lost(content) == []
    assert (lost_tags(content), lost_properties(content)) == ([], [])
    assert len(list(sources(content))) == 5
    assert 'style=""' not in sanitise(uploaded(content))
    assert re.findall(r" (?:class|id|align|scope)=|<(?:div|ul|ol|li)\b|position:", content) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_block_of_text_has_a_colour(page: Callable[..., str], theme: str) -> None:
    """Readers in the dark see all of it."""
    blocks = re.findall(r"<(?:p|h[1-6]|td|th|pre|figcaption)\b[^>]*>", page(EVERYTHING, theme))

    assert len(blocks) > 30
    assert [one for one in blocks if not re.search(r"[\"; ]color: ", one)] == []


def test_three_themes_are_there_and_differ(page: Callable[..., str]) -> None:
    """A sober one among them; each has looks of its own."""
    assert {"plain", "ink", "festive"} <= set(THEMES)
    assert len({page("## Dates\n", theme) for theme in THEMES}) == len(THEMES)


words = st.text(
    st.sampled_from("ab中文字，。（）“”'\"<>&;:*_`[]!|#-1. \u00a0é😀"), min_size=1, max_size=24
)
inline = st.one_of(
    words,
    words.map(lambda text: f"**{text}**"),
    words.map(lambda text: f"*{text}*"),
    words.map(lambda text: f"[{text}](https://example.org/?a=1&b='2')"),
    words.map(lambda text: f"[{text}](https://mp.weixin.qq.com/s/x?a=1&b=2)"),
    words.map(lambda text: f"`{text}`"),
    words.map(lambda text: f'![{text}](map "{text}")'),
    st.just("<https://example.org/long/address>"),
    st.just("![](map)"),
)
line = st.lists(inline, min_size=1, max_size=4).map(" ".join)


def indented(blocks: Sequence[str], first: str, rest: str) -> str:
    """Blocks set within a list's item or a quote."""
    lines = "\n\n".join(blocks).split("\n")
    return "\n".join([first + lines[0], *(rest + one for one in lines[1:])])


def row(cells: Sequence[str]) -> str:
    """A table's row."""
    return "| " + " | ".join(cell.replace("|", "") for cell in cells) + " |"


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What may hold other blocks."""
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        some.map(lambda parts: "\n".join(indented([part], "- ", "  ") for part in parts)),
        some.map(lambda parts: "\n".join(indented([part], "1. ", "   ") for part in parts)),
        some.map(lambda parts: indented(parts, "> ", "> ")),
        some.map(lambda parts: "::: note\n" + "\n\n".join(parts) + "\n:::"),
    )


table = st.lists(st.tuples(line, line, words), min_size=1, max_size=3).map(
    lambda rows: "\n".join(["| a | b | c |", "| --- | :-: | --: |", *map(row, rows)])
)
block = st.recursive(
    st.one_of(
        line,
        line.map(lambda text: f"## {text}"),
        line.map(lambda text: f"#### {text}"),
        words.map(lambda text: f"```\n{text}\n```"),
        table,
        st.just("---"),
        st.just('{{ "https://example.org/x" | qr("here") }}'),
    ),
    blocks,
    max_leaves=8,
)


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """Makes an article of a body, without a studio of its own each time."""
    root = tmp_path_factory.mktemp("articles")
    layouts = root / "templates" / "layouts"
    layouts.parent.mkdir()
    layouts.symlink_to(LAYOUTS)
    (root / "templates" / "en").mkdir()
    project = Project(root=root, settings=Settings.model_validate(SETTINGS))
    campaign = Campaign.model_validate({**CAMPAIGN, "pictures": {"map": "assets/map.png"}})

    def make(body: str, theme: str) -> str:
        (root / "templates" / "en" / "note.md.j2").write_text(HEAD + body, encoding="utf-8")
        book = TemplateBook(root, ("en",))
        renderer = Renderer(book, project=project, campaign=campaign)
        made = renderer.words(language="en", channel="wechat")
        return renderer.article_html(made, theme)

    return make


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(parts=st.lists(block, min_size=1, max_size=5), theme=st.sampled_from(THEMES))
@example(parts=["- - - a"], theme="plain")
@example(parts=["::: note\n- ::: lead\n  a\n  :::\n\nb\n:::"], theme="plain")
@example(parts=["**<b>**中文", "1) x"], theme="ink")
def test_any_words_survive_the_platform(
    write: Callable[[str, str], str], parts: list[str], theme: str
) -> None:
    """Whatever is written in Markdown comes back from the draft box as it was composed."""
    try:
        content = write("\n\n".join(parts) + "\n", theme)
    except TemplateFault as fault:
        # Words that are no words, such as an unfinished expression, are refused, not lost.
        assert fault.problem.code.startswith(("template", "link", "picture"))
        return

    assert lost(content) == []
    assert (lost_tags(content), lost_properties(content)) == ([], [])


def test_topics_and_dates_are_told_apart(page: Callable[..., str]) -> None:
    """A list of names in bold, and a table of two columns, have looks of their own."""
    topics = page("- **Open data:** about it\n- **Models:** too\n", "festive")
    plain = page("- Open data\n- **Models:** too\n", "festive")

    assert ("#fffaf0" in topics, "#fffaf0" in plain) == (True, False)


def test_captions_stand_below_pictures(page: Callable[..., str]) -> None:
    """A picture's title is its caption, and data in it stays data."""
    content = page('![alt](map "{{ title }} <b>")\n')

    bare = re.sub(r' style="[^"]*"', "", content)
    assert '<img src="picture:map" alt="alt"><figcaption>A note &lt;b&gt;</figcaption>' in bare


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("::: banner\nx\n:::\n", 'there is no box "banner"'),
        ("a\n\n::: note\nx\n", 'the box "note" does not end'),
    ],
)
def test_box_that_is_none_is_told(page: Callable[..., str], body: str, message: str) -> None:
    """With its line."""
    with pytest.raises(TemplateFault) as caught:
        page(body)
    assert caught.value.problem.message == message
    assert (
        caught.value.problem.place.line
        == HEAD.count("\n") + body[: body.index(":::")].count("\n") + 1
    )


@pytest.mark.parametrize("style", ["position: fixed", "font-family: 'a'", "color: var(--x)"])
def test_theme_that_would_not_survive_is_told(studio: Callable[..., Studio], style: str) -> None:
    """It is the theme's fault, and is told as such."""
    made = studio({"en/note.md.j2": HEAD + "Words\n"})
    theme = made.root / "templates" / "layouts" / "themes" / "mine.css"
    theme.write_text(f".article p {{ {style} }}", encoding="utf-8")
    with pytest.raises(TemplateFault) as caught:
        made.renderer.article_html(made.article(), "mine")
    assert str(caught.value.problem.place) == "templates/layouts/themes/mine.css"


def test_theme_without_colours_gets_one_for_each_block(studio: Callable[..., Studio]) -> None:
    """The article's own, or one that can be read."""
    made = studio({"en/note.md.j2": HEAD + "Words\n\n## Head\n"})
    themes = made.root / "templates" / "layouts" / "themes"
    (themes / "mine.css").write_text(".article { color: #123456 }", encoding="utf-8")
    (themes / "bare.css").write_text("h2 { margin: 0 }", encoding="utf-8")

    mine = made.renderer.article_html(made.article(), "mine")
    bare = made.renderer.article_html(made.article(), "bare")

    assert '<p style="color: #123456">Words</p>' in mine
    assert '<h2 style="margin: 0; color: #333333">' in bare


def test_cover_colours_come_from_the_theme(studio: Callable[..., Studio]) -> None:
    """Its rule `.cover` is of no article, and a theme may do without."""
    made = studio({"en/note.md.j2": HEAD + "Words\n"})
    themes: Path = made.root / "templates" / "layouts" / "themes"
    (themes / "bare.css").write_text("p { margin: 0 }", encoding="utf-8")

    assert made.renderer.cover_colours("ink")["border-color"] == "#a8322a"
    assert made.renderer.cover_colours("bare") == {}
