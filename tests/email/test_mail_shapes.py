"""Mails by their shapes: the quick way gives what the plain way gives, byte by byte."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from announce.channels.email.compose import MailComposer
from announce.channels.email.mime import (
    digest,
    dots_doubled,
    needs_smtputf8,
    sealed,
    stamped,
    write,
)
from announce.errors import InputError
from announce.model.audience import Address, Recipient
from announce.model.campaign import Campaign
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.languages import Language
from announce.model.message import Mail
from announce.model.plan import Planned
from announce.model.project import Project, Settings
from announce.problems import Place
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer, TemplateFault

LAYOUTS = Path(__file__).parents[2] / "templates" / "layouts"
NOW = datetime(2025, 1, 6, 9, 30, tzinfo=UTC)
MACROS = "{% macro m(who) %}*{{ who }}*{% endmacro %}"

# Every way in which a template can print a recipient's value, or look at it. X and Y are values,
# NAME is the name of a column.
BLOCKS = [
    "{{ X }}", "**{{ X }}**{{ Y }}", "# {{ X }}", "> {{ X }}\n> b", "1. {{ X }}\n2. {{ Y }}",
    "`{{ X }}`", "![{{ X }}](logo)", "{{ recipient['NAME'] }}",
    "| {{ X }} | h |\n| --- | --- |\n| {{ Y }} | {{ facts.day }} |", "[t]({{ recipient.url }})",
    "[{{ X }}](https://example.org/{{ Y }})",
    "[{{ recipient.url }}]({{ recipient.url }}) [f]({{ facts.url }})",
    "{{ recipient.url | link }} {{ facts.url | link }}", "{{ recipient.url | link(X) }}",
    "{{ facts.url | link(X) }}", "{{ recipient.address | email }}",
    "{% if X %}yes {{ X }}{% else %}none{% endif %}", "{{ X or Y }}",
    "{{ 'a' if X == 'k' else Y }}", "{% if X == Y %}same{% else %}differ{% endif %}",
    "{% if X in ['k', '12'] %}in{% endif %}.", "{% if 'k' in X %}has{% endif %}.",
    "{% if X is in ['k', '12'] %}in{% endif %}.", "{% if X < Y %}less{% endif %}.",
    "{% if not X and Y %}b{% elif X != '12' %}c{% endif %}.", "{{ X | default('–', true) }}",
    "{{ recipient.nothing | default('d') }}",
    "{% if recipient.nothing is defined %}d{% endif %}{% if 'NAME' in recipient %}h{% endif %}.",
    "{% if recipient is defined and X is string %}t{% endif %}.",
    "{{ X | upper }} {{ X.title() }}", "{{ X | trim | capitalize }}", "{{ X | replace('k', Y) }}",
    "{{ X | int + 1 }} {{ (X | int - 1) // 2 }}", "{{ X | length }}",
    "{{ X | first }} {{ recipient.names | last }}",
    "{% for part in X | split %}\n- {{ part }}\n{% else %}no\n{% endfor %}",
    "{% for part in X | split(',') %}{{ loop.index }} {{ part | lower }} {% endfor %}.",
    "{{ X | split | list }}", "{{ recipient.names | list('or') }}",
    "{{ recipient.names | join(' / ') }}", "{{ recipient.names | sort | reverse | join(',') }}",
    "{{ recipient.names | map('upper') | join }}", "{{ recipient.names | unique | list }}",
    "{% if recipient.names | length > 1 %}all{% else %}one{% endif %}",
    "{% for name in recipient.names %}{{ name }}{{ ', ' if not loop.last }}{% endfor %}",
    "{{ recipient.names[0] }} {{ recipient.names[-1] }} {{ X[:2] }}",
    "{{ recipient.names[5] | default('six') }}",
    "{% for sign in X %}{{ loop.index }}{% endfor %}.", "{{ X ~ '-' ~ Y }}", "{{ 'a' + X }}",
    "{% set v = X %}{{ v }}", "{% set v %}b {{ X }}{% endset %}{{ v }} {{ v + Y }}",
    "{% set n = namespace(v=X) %}{{ n.v }}", "{{ m(X) }} {{ m('<' ~ Y) }}",
    "{{ [X, Y] | join(', ') }}", "{{ [X, Y] | select | list }}", "{{ [X, m(Y)] | list }}",
    "{{ [X, Y] | sort | first }}",
    "{% set a, b = recipient.names[:2] if recipient.names | length > 1 else 'qr' %}{{ a }}{{ b }}",
    "{{ facts.table[X] | default('?') }}", "{{ facts.table.get(X, 'none') }}",
    "{% if X.startswith('k') %}k{% endif %}{{ X.split(';') | first }}",
    "{% include 'parts/p.md.j2' %}", "{% include X ignore missing %}.",
    "{% for key, value in recipient.items() %}{{ key }}{% endfor %}",
    "{% if X is number %}n{% endif %}{% if recipient.names is sequence %}s{% endif %}",
    "{{ X | join('-') }}", "{{ cycler('a', X).next() }}",
    "{% if X is sameas X %}s{% endif %}{% if X is eq 'k' %}e{% endif %}.",
    "{{ facts.day }} {{ title }} {{ facts.url }} plain *words* only",
]  # fmt: skip
# And those that are at fault for nearly everybody.
FAULTY = [
    "{{ recipient }}", "{{ recipient.names }}", "{{ recipient.nothing }}", "{{ X.y }}",
    "{{ recipient | length }}", "{{ X | number }}", "{{ X | date }}", "{{ X * 2 }}",
    "{{ X.nothing() }}", "{% if X > 1 %}{% endif %}",
]  # fmt: skip
LINES = [
    "plain", "{{ title }}: {{ X }}", "{{ X }}", " a  {{ X }} ",
    "{% if X == 'k' %}K{% else %}L{% endif %}", "{{ recipient.names | list }}",
    "{{ recipient.url | link('at') }}",
]  # fmt: skip
VALUES = [
    "", " ", "k", "12", "x", "K; x ;y", "a,b", "张三", "**b**", "<i>&amp;", "\"'", "=?utf-8?q?x?=",
    "https://example.org/?a=1&b=2", "https://mp.weixin.qq.com/s/1", "mailto:a@example.org",
    "http://例子.中国/路?q=\"", "two\nlines", "two\r\n  lines\x85end", "\u202ertl\u202c",
    "a\u00a0b",
    "tab\tand  blanks ", "😀🀄", "2025-02-10", "\x00\ufdd0t0\ufdd1", "长" * 400, "l" * 1200,
    "javascript:alert(1)", "| a |", "# h", "- l", "\\", "parts/p.md.j2",
    "javascript:x https://a.b",
]  # fmt: skip

columns = st.sampled_from(["a", "b", "url"])
values = st.one_of(
    st.sampled_from(VALUES), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
rows = st.fixed_dictionaries({"a": values, "b": values, "url": st.one_of(
    st.sampled_from(["https://example.org/?a=1&b=2", "https://example.org/x/1", "k"]), values,
)})  # fmt: skip


@st.composite
def people(draw: st.DrawFn) -> Recipient:
    """Somebody of an audience."""
    names = draw(st.lists(st.sampled_from(["Ada", "李四", "Bo <b>", 'J. "K"']), max_size=3))
    spec = draw(
        st.sampled_from(["li@example.net", "用户@xn--fsqu00a.xn--fiqs8s", "a=b@example.org"])
    )
    return Recipient(
        key="k1",
        addresses=(Address(spec=spec, name=draw(values).strip(), shown=spec),),
        name=", ".join(names),
        names=tuple(names),
        language="en",
        fields=draw(rows),
        place=Place(file="audiences/a.csv", line=2),
    )


@st.composite
def templates(draw: st.DrawFn) -> str:
    """A template of one language."""

    def one(text: str) -> str:
        text = re.sub(r"\b[XY]\b", lambda _: f"recipient.{draw(columns)}", text)
        return text.replace("NAME", draw(columns))

    blocks = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=4))
    if draw(st.integers(0, 9)) == 9:
        blocks.append(draw(st.sampled_from(FAULTY)))
    head = {"subject": draw(st.sampled_from(LINES))}
    for key in ("short", "preheader"):
        if draw(st.booleans()):
            head[key] = draw(st.sampled_from(LINES))
    lines = "".join(
        f"{key}: '{one(line).replace(chr(39), chr(39) * 2)}'\n" for key, line in head.items()
    )
    return f"---\n{lines}---\n{MACROS}\n" + "\n\n".join(map(one, blocks)) + "\n"


class Office:
    """A project whose templates are written anew: composers by shapes, and the plain way."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(LAYOUTS, root / "templates" / "layouts")
        # Quick to inline, and none of what is tried here.
        (root / "templates/layouts/mail.css").write_text("p { margin: 0 }\n")
        (root / "assets").mkdir()
        (root / "assets/logo.png").write_bytes(b"png")
        settings = Settings.model_validate({
            "name": {"zh": "研讨会", "en": "Workshop"}, "languages": ["zh", "en"],
            "sender": {"name": {"zh": "组委会", "en": "The chairs"}, "address": "c@example.org"},
        })  # fmt: skip
        self.project = Project(root=root, settings=settings)
        self.campaign = self.of()

    def of(self, **more: Any) -> Campaign:
        """A campaign of this project."""
        return Campaign.model_validate({
            "campaign": "note-1", "kind": "note", "title": {"zh": "通知", "en": "A note"},
            "audience": {"file": "audiences/a.csv"}, "email": {},
            "pictures": {"logo": "assets/logo.png"},
            "facts": {
                "url": "https://example.org/?a=1&b=2", "day": "Monday",
                "table": {"k": "K!", "12": "dozen"},
            },
            **more,
        })  # fmt: skip

    def write(self, texts: dict[str, str]) -> None:
        """Templates by their names."""
        for name, text in texts.items():
            path = self.root / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def renderer(self, *, memo: bool = True) -> Renderer:
        """A renderer that reads the templates now."""
        book = TemplateBook(self.root, ("zh", "en"))
        return Renderer(book, project=self.project, campaign=self.campaign, memo=memo)

    def composer(self, *, memo: bool = True) -> MailComposer:
        """A composer that reads the templates now."""
        return MailComposer(self.project, self.campaign, self.renderer(memo=memo))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One for all examples, each of which writes its templates."""
    made = Office(tmp_path_factory.mktemp("office"))
    part = (
        "{% if recipient.a == 'k' %}K{% else %}{{ recipient.b | default('-', true) }}{% endif %}\n"
    )
    made.write({f"{language}/parts/p.md.j2": part for language in ("zh", "en")})
    return made


def _line(recipient: Recipient, languages: Sequence[Language] = ("zh", "en")) -> Planned:
    delivery = Delivery(
        key=DeliveryKey("note-1", "once", "email", recipient.key), language="zh+en", to=()
    )
    return Planned(delivery=delivery, languages=tuple(languages), recipient=recipient)


def _bytes(mail: Mail) -> bytes:
    """The mail as it is written, which is the same where it was sealed before."""
    written = write(mail, message_id="<1@example.org>", date=NOW)
    to, utf8, before, after = sealed(mail)
    assert before + stamped("<1@example.org>", NOW) + after == dots_doubled(written)
    assert (set(to), utf8) == ({one.spec for one in mail.to}, needs_smtputf8(mail))
    return written


def _made(composer: MailComposer, line: Planned) -> Any:
    """All there is to see of a mail, or what is wrong with it."""
    try:
        mail = composer.compose(line)
    except TemplateFault as fault:
        return fault.problem
    except InputError as error:
        return list(error.problems)
    return mail, digest(mail), _bytes(mail)


# Shrinking such an example takes minutes and shows little more.
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    zh=templates(),
    en=templates(),
    languages=st.sampled_from([("zh", "en"), ("en", "zh"), ("en",)]),
    audience=st.lists(people(), min_size=2, max_size=4),
)
def test_quick_way_gives_what_the_plain_way_gives(
    office: Office,
    zh: str,
    en: str,
    languages: tuple[Language, ...],
    audience: list[Recipient],
) -> None:
    """Bytes, digest and words, or the same fault at the same place, whoever came before."""
    office.write({"zh/note.md.j2": zh, "en/note.md.j2": en})
    composer, plain = office.composer(), office.composer(memo=False)
    lines = [_line(recipient, languages) for recipient in audience]
    expected = [_made(plain, line) for line in lines]

    for _ in range(2):  # learning the shapes, and knowing them
        assert [_made(composer, line) for line in lines] == expected
    for made in expected:
        if isinstance(made, tuple):
            _check_as_others_read_it(made[0], made[2])


def _check_as_others_read_it(mail: Mail, written: bytes) -> None:
    """The standard library reads back what went in."""
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", written) is None
    message = email.message_from_string(written.decode(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message["Subject"] == mail.subject
    assert [to.addr_spec for to in message["To"].addresses] == [one.spec for one in mail.to]
    for kind, text in (("plain", mail.text), ("html", mail.html)):
        part = message.get_body((kind,))
        assert part is not None
        assert _lines(part.get_content()) == _lines(text)
    assert _tree(message) == _tree(_built(mail))


def _lines(text: str) -> str:
    text = re.sub(r"\r\n|\r", "\n", text)
    return text if text.endswith("\n") else text + "\n"


def _built(mail: Mail) -> EmailMessage:
    """The same mail as the standard library would build it."""
    message = EmailMessage()
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for picture in mail.pictures:
        main, _, sub = picture.media_type.partition("/")
        page = message.get_body(("related", "html"))
        assert isinstance(page, EmailMessage)
        page.add_related(
            picture.data, main, sub, cid=f"<{picture.cid}>", filename=picture.name,
            disposition="inline",
        )  # fmt: skip
    return message


def _tree(part: EmailMessage) -> Any:
    """Types, what they hold, and the files' names and ids."""
    kind = part.get_content_type()
    if part.is_multipart():
        return kind, [_tree(inner) for inner in part.iter_parts()]
    content = part.get_content()
    words = _lines(content) if isinstance(content, str) else content
    return kind, words, part.get_filename(), part["Content-ID"], part.get_content_disposition()


def test_recipients_of_one_shape_share_everything_but_their_values(office: Office) -> None:
    """The quick way is taken: two recipients have one shape, and mails of their own."""
    office.write({"en/note.md.j2": "---\nsubject: S\n---\nDear {{ recipient.a }}\n"})
    composer, ada, bo = office.composer(), _person(a="Ada"), _person(a="Bo")

    mails = [composer.compose(_line(someone, ["en"])) for someone in (ada, bo)]

    assert mails[0].content.frame is mails[1].content.frame
    assert [mail.text for mail in mails] == ["Dear Ada\n", "Dear Bo\n"]


def test_changed_mail_is_written_anew(office: Office) -> None:
    """What `replace` makes of a mail has the bytes of one that was made so."""
    office.write({"en/note.md.j2": "---\nsubject: S\n---\nDear {{ recipient.a }}\n"})
    mail = office.composer().compose(_line(_person(a="Ada"), ["en"]))
    to = (Address(spec="me@example.org", name="Me"),)

    for change in ({"subject": "【样例】S", "to": to}, {"text": "t\n"}, {"html": "<p>h</p>\n"}):
        changed = replace(mail, **change)
        everything = {one.name: getattr(changed, one.name) for one in fields(Mail) if one.init}
        assert _bytes(changed) == _bytes(Mail(**everything))
        assert digest(changed) == digest(Mail(**everything)) != digest(mail)


def test_own_files_are_sent_along_by_shape_too(office: Office) -> None:
    """An attachment of one's own, none, or one that is missing, as in the plain way."""
    (office.root / "assets/li.pdf").write_bytes(b"certificate")
    office.write({"en/note.md.j2": "---\nsubject: S\n---\nDear {{ recipient.a }}\n"})
    office.campaign = office.of(
        email={"attachments": [{"column": "b"}, {"file": "assets/logo.png"}]}
    )
    people = [_person(a="Ada", b=name) for name in ("assets/li.pdf", "", "assets/none.pdf", " ")]

    composer, plain = office.composer(), office.composer(memo=False)
    made = [_made(composer, _line(someone, ["en"])) for someone in people]

    assert made == [_made(plain, _line(someone, ["en"])) for someone in people]
    names = [[blob.name for blob in one[0].attachments] for one in made if type(one) is tuple]
    assert names == [["li.pdf", "logo.png"], ["logo.png"], ["logo.png"]]
    assert [problem.code for problem in made[2]] == ["file-missing"]
    office.campaign = office.of()


def _person(**columns: str) -> Recipient:
    address = Address(spec="li@example.net", name="李四", shown="li@example.net")
    return Recipient(
        key="k1", addresses=(address,), name="Ada", names=("Ada",), language="en",
        fields={"a": "", "b": "", "url": "", **columns},
        place=Place(file="audiences/a.csv", line=2),
    )  # fmt: skip
