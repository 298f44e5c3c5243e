"""The web inbox, over HTTP."""

from __future__ import annotations

import base64
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pytest
import requests

from announce.errors import MachineError
from announce.sandbox import Sandbox
from announce.sandbox.store import MailStore
from announce.sandbox.web import WebInbox

PNG = b"\x89PNG\r\n\x1a\n123"


class Browser:
    """A session that knows the inbox's address and folder."""

    def __init__(self, inbox: WebInbox, box: Sandbox) -> None:
        self.url = inbox.url
        self.box = box
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str = "", **headers: str) -> requests.Response:
        return self.session.get(self.url + path, headers=headers, timeout=10)

    def post(self, path: str, **headers: str) -> requests.Response:
        return self.session.post(
            self.url + path, headers=headers, allow_redirects=False, timeout=10
        )

    @property
    def origin(self) -> str:
        return "/".join(self.url.split("/")[:3])

    def mail(self, message: EmailMessage) -> str:
        with smtplib.SMTP("127.0.0.1", self.box.smtp_port) as client:
            client.send_message(message, "chairs@example.org", ["ada@example.org"])
        return self.box.mails()[-1].name


@pytest.fixture
def browser(tmp_path: Path, clock) -> Iterator[Browser]:
    with Sandbox(tmp_path, now=clock) as box, WebInbox(tmp_path) as inbox:
        opened = Browser(inbox, box)
        yield opened
        opened.session.close()


def letter(subject: str = "征稿 <b>", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Chairs <chairs@example.org>"
    message["To"] = "Ada <ada@example.org>"
    message.set_content("Dear Ada,\n\n<plain>\n")
    if html:
        message.add_alternative(html, subtype="html")
        message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@x>")
    return message


def test_list_shows_mails_escaped(browser):
    """A subject is text, whatever it holds."""
    browser.mail(letter())

    page = browser.get().text

    assert "征稿 &lt;b&gt;" in page
    assert "ada@example.org" in page
    assert "1 mail" in page


def test_list_is_searched_by_a_plain_form(browser):
    """All words must occur in subject or addresses, case aside."""
    browser.mail(letter("Call for papers"))
    browser.mail(letter("Decision"))

    page = browser.get("?q=PAPERS+ada").text

    assert ("Call for papers" in page, "Decision" in page) == (True, False)
    assert "1 of 2 mails" in page


def test_html_part_is_framed_without_rights(browser):
    """The mail's HTML stands in a sandboxed frame, pictures inlined, guarded twice."""
    html = '<img src="cid:logo@x"><a href="https://example.org/">x</a><a href="#en">y</a>'
    name = browser.mail(letter(html=html))

    page = browser.get(f"mail/{name}").text
    frame = page.split("<iframe ", 1)[1].split("></iframe>")[0]
    inner = unescape(frame.split('srcdoc="', 1)[1].rsplit('"', 1)[0])

    assert frame.startswith('sandbox="allow-popups allow-popups-to-escape-sandbox"')
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in inner
    assert '<a target="_blank" rel="noopener noreferrer" href="https://example.org/">' in inner
    assert 'href="about:srcdoc#en"' in inner
    assert "default-src 'none'" in inner


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("text", "&lt;plain&gt;"),
        ("source", "Content-Type: text/plain; charset=&quot;utf-8&quot;"),
        ("headers", "Chairs &lt;chairs@example.org&gt;"),
        ("phone", "No HTML part"),
        ("nonsense", "No HTML part"),
    ],
)
def test_mail_shown_otherwise(browser, view, expected):
    """Links change how one mail is shown."""
    name = browser.mail(letter())

    assert expected in browser.get(f"mail/{name}?view={view}").text


def test_eml_is_downloaded_as_it_came(browser):
    """The file is the caught bytes, never shown in the browser."""
    name = browser.mail(letter())

    answer = browser.get(f"mail/{name}/eml")

    assert answer.content == browser.box.mails()[0].path.read_bytes()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}.eml"


def test_attachment_is_downloaded(browser):
    """Inlined pictures are no attachments; files are, under their own names."""
    message = letter(html='<img src="cid:logo@x">')
    message.add_attachment(b"BEGIN", maintype="text", subtype="calendar", filename="截止.ics")
    name = browser.mail(message)

    answer = browser.get(f"mail/{name}/attachment/0")

    assert answer.content == b"BEGIN"
    assert answer.headers["Content-Disposition"].endswith("''%E6%88%AA%E6%AD%A2.ics")
    assert browser.get(f"mail/{name}/attachment/1").status_code == 404


def test_article_is_shown_with_its_pictures(browser, account):
    """The draft box and the article show local copies of what was uploaded."""
    api = account(account=browser.box.account.account)
    api.server.__exit__(None, None, None)
    api.server = browser.box.account
    api.login()
    url = api.upload("media/uploadimg", PNG)["url"]
    media_id = api.add(content=f'<section><img src="{url}">正文</section>')["media_id"]

    listed = browser.get("drafts").text
    page = browser.get(f"draft/{media_id}").text
    cover = listed.split("/picture/")[1].split('"')[0]

    assert ("征稿通知" in listed, "截止 2 月 10 日（AoE）" in listed) == (True, True)
    assert base64.b64encode(PNG).decode() in unescape(page)
    assert "Read original" in page
    assert browser.get(f"picture/{cover}").headers["Content-Type"] == "image/png"
    assert "data-src=" in browser.get(f"draft/{media_id}?view=source").text


@pytest.mark.parametrize(
    "path",
    [
        "mail/none",
        "mail/..%2F..%2Fetc",
        "draft/none",
        "picture/..%2Fstate.sqlite3",
        "elsewhere",
        "mail/none/eml",
    ],
)
def test_unknown_page_is_404(browser, path):
    """A page that is not there is told as a page, and paths lead nowhere."""
    answer = browser.get(path)

    assert (answer.status_code, "There is no such page" in answer.text) == (404, True)


def test_pages_forbid_scripts_and_loads(browser):
    """Every page carries the same guards."""
    headers = browser.get().headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert {
        name: headers[name]
        for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")
    } == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def test_inbox_is_emptied_only_by_its_own_form(browser):
    """A GET, a request without an origin and one from elsewhere change nothing."""
    browser.mail(letter())

    refused = [
        browser.get("empty/mails").status_code,
        browser.post("empty/mails").status_code,
        browser.post("empty/mails", Origin="http://example.com").status_code,
    ]
    assert (refused, len(browser.box.mails())) == ([404, 403, 403], 1)

    answer = browser.post("empty/mails", Origin=browser.origin)
    assert (answer.status_code, browser.box.mails()) == (303, [])
    assert browser.post("empty/drafts", Origin=browser.origin).status_code == 303
    assert browser.post("empty/all", Origin=browser.origin).status_code == 404


def test_wrong_token_sees_nothing(browser):
    """Who does not know the address is told nothing."""
    answer = browser.session.get(f"{browser.origin}/guessed/", timeout=10)

    assert (answer.status_code, answer.text) == (404, "no such page")


def test_waiting_ends_when_told(browser, tmp_path):
    """The foreground blocks until its end is set."""
    ended = threading.Event()
    with WebInbox(tmp_path) as inbox:
        waiting = threading.Thread(target=inbox.wait, args=(ended,))
        waiting.start()
        answer = browser.session.get(inbox.url, timeout=10)
        ended.set()
        waiting.join(timeout=10)

    assert (answer.status_code, waiting.is_alive()) == (200, False)


@pytest.mark.parametrize("taken", ["smtp_port", "api_port"])
def test_taken_port_is_a_machine_error(browser, tmp_path, clock, taken):
    """A port that another program holds is told with its mend."""
    port = int(browser.origin.rsplit(":", 1)[1])
    with (
        pytest.raises(MachineError) as refused,
        Sandbox(tmp_path, now=clock, **{taken: port}),
    ):
        pass

    assert refused.value.hint == "name another port, or 0 for a free one"


def test_pages_of_a_long_list(tmp_path, clock, browser):
    """A hundred mails a page, the newest first."""
    store = MailStore(tmp_path / "mail")
    for number in range(101):
        content = f"Subject: n{number:03}\r\n\r\n".encode()
        store.save(content, sender="", to=["a@example.org"], at=clock())

    first, second = browser.get().text, browser.get("?page=2").text

    assert ("n100" in first, "n000" in first, "n000" in second) == (True, False, True)
    assert "Page 2 of 2" in second
