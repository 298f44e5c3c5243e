"""The preview's page as a browser shows it from disk."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from preview_support import NOW

from announce.gathering import open_campaign
from announce.showing import write_preview
from announce.texts import speak

MANY = 5000


@pytest.fixture
def page(browse, written):
    """The decisions: 68 mails of three classes in two languages."""
    opened = browse((written("decisions") / "index.html").as_uri())
    opened.until("document.querySelector('#viewer iframe')")
    return opened


def test_page_tells_what_will_happen(page) -> None:
    """How many, to whom, in which languages; and a message is open at once."""
    told = page.run("document.querySelector('#happens').innerText")

    assert ("68 planned, to 205 addresses" in told, "English: 39, Chinese: 29" in told) == (
        True,
        True,
    )
    assert page.count == "68 of 68 messages"
    assert page.subject.startswith("Decision on SCIFM-001")


def test_page_is_quiet_and_asks_nobody(page) -> None:
    """No complaint of the browser, and no request that leaves the folder, whatever is shown."""
    for view in ("desktop", "dark", "inverted", "text", "beside", "headers"):
        page.click(f"[data-view={view}]")
    page.press("j")
    page.until("document.querySelector('#viewer h3').textContent.startsWith('SCIFM-002')")

    assert page.complaints() == []
    assert [one for one in page.asked() if not one.startswith(("file:", "data:", "about:"))] == []


def test_every_kind_is_one_click_away(page) -> None:
    """The kinds stand before the list, and their numbers add up."""
    counts = page.run(
        "[...document.querySelectorAll('.kinds .count')].map((one) => +one.innerText)"
    )
    page.click("[data-kind='2']")

    assert sum(counts) == 68
    assert f"68 messages of {len(counts)} kinds" in page.run("document.body.innerText")
    assert page.until("document.querySelector('#viewer h3').textContent.includes('SCIFM-003')")


def test_search_and_filters_together(page) -> None:
    """Words of names, addresses and subjects; language and class; and back."""
    page.choose("language", "zh")
    chinese = page.count
    page.choose("variant", "oral")
    oral = page.count
    page.search("scifm-007")
    found = page.count
    page.search("nobody of this name")
    none = page.count
    page.click("#clear")

    assert (chinese, oral, found) == (
        "29 of 68 messages",
        "2 of 68 messages",
        "1 of 68 messages",
    )
    assert none == "No message fits. Clear the filters to see all."
    assert page.count == "68 of 68 messages"


def test_jumps_to_the_longest_and_to_empty_fields(page) -> None:
    """The longest of those in the list, and the next whose row leaves a column blank."""
    page.click("#longest")
    longest = page.run(
        "announce.table.shown[announce.table.chosen].length"
        " === Math.max(...announce.rows.map((row) => row.length))"
    )
    page.click("#empty")
    empty = page.run("announce.table.shown[announce.table.chosen].empty.length > 0")
    page.click("#random")

    assert (longest, empty) == (True, True)
    assert page.run("announce.table.chosen") in range(68)


def test_frames_show_light_dark_and_inverted(page) -> None:
    """The mail's own dark styles in one, turned colours in the other, pictures as they are."""
    shown = {}
    for view in ("phone", "dark", "inverted"):
        page.click(f"[data-view={view}]")
        page.until(
            f"document.querySelector('#shown[aria-label] .{'light' if view == 'phone' else view}')"
        )
        shown[view] = page.run("document.querySelector('#shown iframe').srcdoc")

    assert page.run("document.querySelector('#shown iframe').getAttribute('sandbox')") == ""
    assert "@media (min-width:99999px)" in shown["phone"]
    assert "@media (min-width:0px)" in shown["dark"]
    assert "background-color: #f2f4f4" in shown["phone"]
    assert "background-color: #f2f4f4" not in shown["inverted"]
    assert all(one.count("data:image/png;base64,") == 1 for one in shown.values())


def test_inversion_turns_grounds_and_inks_and_keeps_hues(page) -> None:
    """White becomes dark, black light; a dark ground and a light ink stay."""
    turned = page.run(
        """(() => {
          const page = new DOMParser().parseFromString(announce.colours.inverted(
            '<p style="background-color:#fff;color:#000">a</p>' +
            '<p style="background-color:#102030;color:#fff">b</p>'), 'text/html');
          return [...page.querySelectorAll('p')].map((one) =>
            [one.style.backgroundColor, one.style.color]
              .map((colour) => announce.colours.hsl(announce.colours.read(colour))[2]));
        })()"""
    )

    assert turned[0][0] < 0.15 < 0.85 < turned[0][1]
    assert turned[1][0] < 0.2 < 0.9 < turned[1][1]


def test_message_can_neither_run_nor_load(page) -> None:
    """A script and a remote picture in a mail come to nothing."""
    page.run(
        """(() => { const one = announce.known.messages.get(1);
          one.html += '<script>parent.postMessage("ran", "*")</script>' +
            '<img src="http://127.0.0.1:9/remote.png" onerror="parent.ran = 1">';
          window.ran = 0; addEventListener("message", () => { window.ran = 1; });
          announce.viewer.show(announce.rows[0]); })()"""
    )
    page.until("document.querySelector('#shown iframe').srcdoc.includes('remote.png')")
    page.complaints()

    assert page.run("window.ran") == 0
    assert [one for one in page.asked() if one.startswith("http")] == []


def test_languages_stand_side_by_side(page) -> None:
    """Section beside section, another recipient's message named as such."""
    page.click("[data-view=beside]")
    page.until("document.querySelector('table.beside')")
    heads = page.run(
        "[...document.querySelectorAll('table.beside tr')].map((row) =>"
        " [...row.querySelectorAll('h4')].map((one) => one.textContent))"
        ".filter((one) => one.length)"
    )

    assert [len(pair) for pair in heads] == [2] * len(heads)
    assert ["接下来请您", "What to do next"] in heads
    assert "another recipient" in page.run("document.querySelector('#shown').innerText")


def test_bilingual_mail_is_set_beside_itself(browse, written) -> None:
    """The two halves of one mail are aligned."""
    page = browse((written("reviewers") / "index.html").as_uri())
    page.until("document.querySelector('#viewer iframe')")
    page.click("[data-view=beside]")

    assert page.until("document.querySelector('table.beside')?.rows.length > 1")
    assert "The two halves" in page.run("document.querySelector('#shown').innerText")


def test_article_has_cards_and_figures(browse, written) -> None:
    """The list card, the card among friends, the phone, and characters against limits."""
    folder = written("cfp")
    page = browse((folder / "index.html").as_uri())
    page.choose("channel", "wechat")
    page.run("announce.table.choose(0)")
    source = page.until("document.querySelector('iframe.whole')?.getAttribute('src')")
    text = (folder / source).read_text("utf-8")

    assert page.count == "2 of 60 messages"
    assert ("class='moment'" in text, "24 of 32 characters" in text) == (True, True)
    assert page.complaints() == []
    page.tab.call(
        "Emulation.setDeviceMetricsOverride",
        width=360, height=740, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    page.tab.open((folder / source).as_uri())
    assert page.until("document.documentElement.scrollWidth <= innerWidth") is True


def test_keyboard_alone_reaches_everything(page) -> None:
    """j, k, arrows, /, Esc, numbers and ?."""
    page.press("j")
    page.press("ArrowDown")
    third = page.run("announce.table.chosen")
    page.press("k")
    page.press("/")
    searching = page.run("document.activeElement.id")
    page.press("Escape")
    back = page.run("document.activeElement.id")
    page.until("document.querySelector('#viewer h3').textContent.startsWith('SCIFM-002')")
    page.press("5")
    page.press("?")

    assert (third, searching, back) == (2, "search", "list")
    assert page.run("announce.table.chosen") == 1
    assert page.until("document.querySelector('#shown pre')?.textContent.includes('■')")
    assert page.run("document.getElementById('help').open") is True
    assert page.run("document.getElementById('list').getAttribute('aria-activedescendant')") == (
        "line-1"
    )


def test_page_can_be_read_aloud(page) -> None:
    """One h1, landmarks, titles of frames, a name for every control, counts that are announced."""
    unnamed = page.run(
        """[...document.querySelectorAll('button, input, select, a, iframe, [role=listbox],' +
          '[role=region]'
          )].filter((one) => one.type !== 'hidden' &&
          !(one.textContent.trim() || one.title || one.getAttribute('aria-label') ||
            one.labels?.[0]?.textContent.trim())).map((one) => one.outerHTML)"""
    )
    numbers = page.run(
        "['h1', 'main', '[role=search]', '#count[aria-live]', 'section:not([aria-label])"
        ":not([aria-labelledby])'].map((one) => document.querySelectorAll(one).length)"
    )

    assert unnamed == []
    assert numbers == [1, 1, 1, 1, 0]
    assert page.run("document.documentElement.lang") == "en"


def test_nothing_overflows_on_a_phone(page) -> None:
    """However long a name or an address is, the page is as wide as the screen."""
    page.tab.call(
        "Emulation.setDeviceMetricsOverride",
        width=360, height=740, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    page.run(
        "(() => { announce.rows[0].to = 'x'.repeat(300) + '@example.org';"
        " announce.known.messages.get(1).facts.push(['to', announce.rows[0].to]);"
        " announce.known.messages.get(1).subject = 'y'.repeat(300);"
        " return announce.viewer.show(announce.rows[0]); })()"
    )

    assert page.run("document.documentElement.scrollWidth <= innerWidth") is True


def test_print_has_kinds_with_their_texts_and_the_list(page) -> None:
    """A committee's PDF: what stands on screen for a click is there as text."""
    page.run("dispatchEvent(new Event('beforeprint'))")
    page.tab.call("Emulation.setEmulatedMedia", media="print")

    text = page.run("document.body.innerText")
    assert ("What to do next" in text, "接下来请您" in text) == (True, True)
    assert page.run("document.querySelectorAll('#printed tbody tr').length") == 68
    assert page.run("getComputedStyle(document.querySelector('.panes')).display") == "none"


def test_page_speaks_chinese(browse, copy_project, tmp_path: Path) -> None:
    """Language of the page, names of languages, and the campaign's Chinese title."""
    project = copy_project(tmp_path / "project")
    speak("zh")
    opened = open_campaign(str(project), str(project / "campaigns" / "decisions.yaml"))
    index = write_preview(opened, tmp_path / "out", NOW).index
    page = browse(index.as_uri())
    page.until("document.querySelector('#viewer iframe')")

    assert page.run("document.documentElement.lang") == "zh-Hans"
    assert page.run("document.querySelector('h1').textContent") == "ICLR 2025 SCI-FM 研讨会"
    assert "中文" in page.run("document.getElementById('filter-language').textContent")
    assert page.complaints() == []


def test_doubts_stand_first_and_mark_their_messages(
    announce, browse, project: Path, tmp_path: Path
) -> None:
    """A warning has its place and mend, and is a mark of the row that it is about."""
    announce(
        "suppress", "add", "--reason", "bounced", "c.nordwall@openlab.example.org", cwd=project
    )
    announce("preview", "campaigns/decisions.yaml", "--out", str(tmp_path / "out"), cwd=project)
    page = browse((tmp_path / "out" / "index.html").as_uri())
    page.until("document.querySelector('#viewer iframe')")
    told = page.run("document.querySelector('#doubtful').innerText")
    page.choose("marks", "doubts")

    assert "audiences/decisions.csv:2" in told
    assert page.count == "4 of 68 messages"  # she wrote four of the papers
    assert page.run("document.querySelector('#viewer .doubt').textContent.length") > 0
    order = "['happens', 'doubtful', 'approval', 'kinds', 'messages']"
    assert page.run(
        f"[...document.querySelectorAll('main > section')].map((one) => one.id)"
        f".join() === {order}.join()"
    )


def test_kinds_of_a_class_say_what_sets_them_apart(page) -> None:
    """Cards of one class and language differ in a line that is shown."""
    cards = page.run("[...document.querySelectorAll('.kinds li')].map((one) => one.innerText)")

    assert sum("also:" in one or "without:" in one for one in cards) == 3


def test_json_of_the_command(announce, project: Path) -> None:
    """What programs read stays as it was."""
    ended = announce("--json", "preview", "campaigns/decisions.yaml", cwd=project)

    assert (ended.code, ended.json["messages"]) == (0, 68)
    assert [one["code"] for one in ended.json["problems"]] == ["address-languages"]
    assert set(ended.json) == {"campaign", "digest", "index", "messages", "problems"}
    assert Path(ended.json["index"]).is_file()


def test_faulty_approval_leaves_the_last_good_preview(announce, project: Path) -> None:
    """It is told before anything is replaced."""
    first = announce("--json", "preview", "campaigns/decisions.yaml", cwd=project)
    folder = project / "approvals" / "scifm-2025-decisions"
    folder.mkdir(parents=True)
    (folder / "once.mo.yaml").write_text("by: Mo\n")
    ended = announce("preview", "campaigns/decisions.yaml", cwd=project)

    assert (ended.code, Path(first.json["index"]).is_file()) == (2, True)


def test_thousands_are_listed_by_a_few_lines(browse, copy_project, tmp_path: Path) -> None:
    """Five thousand messages: the page holds the lines in sight, and filters all of them."""
    project = copy_project(tmp_path / "project")
    opened = open_campaign(str(project), str(many(project)))
    index = write_preview(opened, tmp_path / "out", NOW).index
    page = browse(index.as_uri())
    page.until("document.querySelector('#viewer iframe')")
    at_first = page.run("document.querySelectorAll('[role=option]').length")
    page.choose("language", "zh")
    filtered = page.count
    page.run("document.getElementById('list').scrollTop = 1e6")
    page.until("document.querySelector('[aria-posinset=\"2500\"]')")

    assert 0 < at_first < 60
    assert filtered == f"2500 of {MANY} messages"
    assert page.run("document.querySelectorAll('[role=option]').length") < 60
    assert page.run("document.querySelectorAll('*').length") < 1000
    assert page.complaints() == []


def many(project: Path) -> Path:
    """A campaign to thousands of invented authors; its file."""
    with (project / "audiences" / "many.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["key", "title", "authors", "address", "language", "decision", "note"])
        for n in range(MANY):
            language, decision = ("zh", "en")[n % 2], ("oral", "poster", "reject")[n % 3]
            out.writerow(
                [f"S-{n:05}", f"T {n}", f"A {n}", f"a{n}@example.org", language, decision, ""]
            )
    text = (project / "campaigns" / "decisions.yaml").read_text("utf-8")
    lines = text.replace("decisions.csv", "many.csv").replace("scifm-2025-decisions", "many")
    lines = re.sub(r"\n  known: .*", "", lines)  # a list of other submissions
    path = project / "campaigns" / "many.yaml"
    path.write_text("\n".join(one for one in lines.split("\n") if not one.startswith("expect")))
    return path


def test_data_cannot_break_out_of_its_script(written) -> None:
    """Each data file is one call with JSON."""
    path = written("decisions") / "data" / "messages" / "0001.js"
    text = path.read_text("utf-8")

    assert text.startswith("announce.message(1,{")
    assert json.loads(text[len("announce.message(1,") : -2])["kind"] == "mail"


def test_what_a_send_would_be_refused_for_is_doubtful(announce, project: Path, tmp_path) -> None:
    """Changed words after the first messages left: the page says so, as `plan` does."""
    announce("send", "--limit", "1", "campaigns/decisions.yaml", cwd=project)
    path = project / "campaigns" / "decisions.yaml"
    path.write_text(path.read_text("utf-8").replace("minutes: 12", "minutes: 15"), "utf-8")

    announce("preview", "campaigns/decisions.yaml", "--out", str(tmp_path / "out"), cwd=project)

    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "the content changed after the first messages left" in page
