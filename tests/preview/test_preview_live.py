"""`preview --serve`: guarded, live, and approving exactly what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from preview_support import NOW

from announce.gathering import open_campaign
from announce.live import PreviewServer

TEMPLATE = "templates/en/decisions.poster.md.j2"


class Reader:
    """Somebody with the preview's address."""

    def __init__(self, server: PreviewServer, project: Path) -> None:
        self.server, self.url, self.project = server, server.url, project
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str = "", **headers: str) -> requests.Response:
        return self.session.get(self.url + path, headers=headers, timeout=30)

    def approve(self, by: str, sign: str, **headers: str) -> requests.Response:
        return self.session.post(
            self.url + "approve", data={"by": by, "note": "", "sign": sign},
            headers={"Origin": self.origin} | headers, allow_redirects=False, timeout=30,
        )  # fmt: skip

    @property
    def origin(self) -> str:
        return "/".join(self.url.split("/")[:3])

    @property
    def sign(self) -> str:
        found = re.search(r'name="sign" value="(\w+)"', self.get().text)
        assert found
        return found[1]

    @property
    def version(self) -> str:
        found = re.search(r'data-version="(\d+)"', self.get().text)
        assert found
        return found[1]

    def edit(self, old: str, new: str) -> None:
        path = self.project / TEMPLATE
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def after(self, version: str) -> str:
        """The page as soon as it is another than that version."""
        while not self.get(f"wait?version={version}").json()["changed"]:
            pass
        return self.get().text

    @property
    def approvals(self) -> list[str]:
        return [path.name for path in (self.project / "approvals").rglob("*.yaml")]


@pytest.fixture
def reader(project: Path, tmp_path: Path) -> Iterator[Reader]:
    """The decisions, served."""
    campaign = str(project / "campaigns" / "decisions.yaml")
    with PreviewServer(
        lambda: open_campaign(str(project), campaign),
        tmp_path / "out",
        now=lambda: NOW,
        interval=0.1,
    ) as server:
        one = Reader(server, project)
        yield one
        one.session.close()


def test_strangers_are_refused(reader: Reader) -> None:
    """Another token, host or origin; a path out of the folder; a form of no page."""
    other = reader.url.rsplit("/", 2)[0] + "/guessed/"
    assert reader.session.get(other, timeout=30).status_code == 404
    assert reader.get(Host="announce.example.org").status_code == 421
    assert reader.get(Origin="http://elsewhere.example.org").status_code == 403
    assert reader.get("%2e%2e/project/announce.yaml").status_code == 404
    assert reader.approve("Mo Lin", reader.sign, Origin="http://e.example.org").status_code == 403
    no_origin = reader.session.post(reader.url + "approve", data={"by": "Mo"}, timeout=30)
    assert (no_origin.status_code, reader.approvals) == (403, [])


def test_page_may_load_nothing_from_elsewhere(reader: Reader) -> None:
    """The policy of every answer."""
    headers = reader.get().headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert reader.get("mail/0001.eml").headers["Content-Type"] == "message/rfc822"


def test_page_follows_an_edit(reader: Reader) -> None:
    """The change is there without another start, and pages that wait are told."""
    before = reader.version
    reader.edit("Congratulations.", "Our warmest congratulations.")

    reader.after(before)

    assert "warmest" in reader.get("data/messages/0001.js").text


def test_fault_is_a_page_with_place_and_mend(reader: Reader) -> None:
    """A slip while writing ends nothing; mended, the preview comes back."""
    before = reader.version
    reader.edit("Congratulations.", "{{ nonsense }}")
    fault = reader.after(before)
    reader.edit("{{ nonsense }}", "Congratulations.")
    mended = reader.after(re.search(r'data-version="(\d+)"', fault)[1])

    assert (TEMPLATE in fault, "nonsense" in fault, 'name="sign"' in fault) == (True, True, False)
    assert "68 messages are ready" in mended


def test_approval_is_of_what_the_page_shows(reader: Reader) -> None:
    """It is written, and the page shows that it holds."""
    answer = reader.approve("Mo Lin", reader.sign)

    assert (answer.status_code, reader.approvals) == (303, ["once.mo-lin.yaml"])
    page = reader.get().text
    assert ("Mo Lin" in page, "still holds" in page) == (True, True)


def test_approval_of_an_older_page_is_refused(reader: Reader) -> None:
    """What was edited since must be looked at first, whether the page was made anew or not."""
    seen = reader.sign
    reader.edit("Congratulations.", "Our warmest congratulations.")
    answer = reader.approve("Mo Lin", seen)

    assert (answer.status_code, reader.approvals) == (409, [])
    assert "it changed since this page was loaded" in answer.text


def test_nobody_approves_without_a_name(reader: Reader) -> None:
    """An empty name is refused."""
    assert (reader.approve(" ", reader.sign).status_code, reader.approvals) == (409, [])


def test_button_approves(reader: Reader, browse) -> None:
    """A person writes a name and presses the button, and sees the approval."""
    page = browse(reader.url)
    page.until("document.querySelector('#viewer iframe')")
    page.run(
        "(() => { document.querySelector('[name=by]').value = 'Mo Lin';"
        " document.querySelector('[name=note]').value = 'Read all kinds';"
        " document.querySelector('#approve button').click(); })()"
    )

    page.until("document.querySelector('.approvals')?.innerText.includes('Read all kinds')")
    assert reader.approvals == ["once.mo-lin.yaml"]


def test_open_page_loads_itself_anew(reader: Reader, browse) -> None:
    """A browser that is open shows the edit."""
    page = browse(reader.url)
    page.until("document.querySelector('#viewer iframe')")
    reader.edit('subject: "', 'subject: "Changed – ')

    assert page.until("document.body.innerText.includes('Changed –')")
    assert page.complaints() == []
