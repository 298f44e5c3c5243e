"""Audiences: tables of any kind become recipients; every bad row is told."""

from __future__ import annotations

import os
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_support import CAMPAIGN, SETTINGS, Folder, lines, told

from announce.model.audience import Audience
from announce.reading.audiences import read_audience
from announce.reading.audiences.csvfile import read_csv
from announce.reading.campaigns import read_campaign

PEOPLE = """\
address,name,language,key,track
li@example.org,李雷,zh-CN,,x
"b@example.org; c@example.org",Bo; Cy,en_GB,p1,y
d@example.org,,,,
"""


def sure(read: tuple[Audience | None, list[object]]) -> Audience:
    audience, problems = read
    assert problems == []
    assert audience is not None
    return audience


def where(text: str) -> str:
    return CAMPAIGN.replace("people.csv}", f'people.csv, where: "{text}"}}')


def test_rows_become_recipients(folder: Folder) -> None:
    """Addresses, names, language, key and fields of each row, with its line."""
    audience = sure(folder.audience(PEOPLE))
    assert audience.rows == 3
    li, two, d = audience.recipients
    assert (li.key, li.name, li.language, str(li.place)) == (
        "li@example.org",
        "李雷",
        "zh",
        "audiences/people.csv:2",
    )
    assert [(a.spec, a.name) for a in two.addresses] == [
        ("b@example.org", "Bo"),
        ("c@example.org", "Cy"),
    ]
    assert (two.key, two.names, two.name, two.language) == ("p1", ("Bo", "Cy"), "Bo; Cy", "en")
    assert (d.language, d.name, d.names) == (None, "", ())
    assert li.fields == {
        "address": "li@example.org",
        "name": "李雷",
        "language": "zh-CN",
        "key": "",
        "track": "x",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_encoding_and_line_end_is_read(
    folder: Folder, delimiter: str, encoding: str, end: str
) -> None:
    """What Excel and others save gives the same recipients; a guessed encoding is told."""
    text = '姓名,address\n李雷,li@example.org\n韩梅梅,"h@example.org;m@example.org"\n'
    text += '"a\nb",c@example.org\n'
    text = text.replace(",", delimiter).replace("\n", end).replace(f"a{end}b", "a\nb")
    campaign = CAMPAIGN.replace("people.csv}", "people.csv, key: 姓名}")
    audience, problems = folder.audience(text.encode(encoding), campaign)
    assert [p.code for p in problems if p.is_error] == ["control-character"]
    assert [p.code for p in problems if not p.is_error] == (
        ["encoding-guessed"] if encoding == "gb18030" else []
    )
    assert audience is None
    audience, problems = folder.audience(text.replace("a\nb", "ab").encode(encoding), campaign)
    assert audience is not None
    assert [r.key for r in audience.recipients] == ["李雷", "韩梅梅", "ab"]


def test_semicolons_in_addresses_do_not_confuse_the_delimiter(folder: Folder) -> None:
    """A single column of several addresses each is one column."""
    campaign = CAMPAIGN.replace("people.csv}", "people.csv, key: address}")
    audience = sure(
        folder.audience(
            "address\na@example.org;b@example.org\nc@example.org;d@example.org\n", campaign
        )
    )
    assert [len(r.addresses) for r in audience.recipients] == [2, 2]


def test_excel_leftovers_are_read(folder: Folder) -> None:
    """`sep=`, trailing delimiters and blank lines are no rows and no faults."""
    audience = sure(folder.audience("sep=;\naddress;name;;\na@example.org;A;;\n;;;\n\n"))
    assert [(r.key, r.place.line) for r in audience.recipients] == [("a@example.org", 3)]


def test_line_numbers_are_true_below_embedded_line_breaks(folder: Folder) -> None:
    """A cell of several lines does not shift the lines told."""
    _none, problems = folder.audience('address,note\na@example.org,"1\n2\n3"\nbad,x\n')
    assert lines(problems) == ["address 5"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("li,,,,", "address"),
        (",Li,,,", "address-missing"),
        ("a@example.org;;b@example.org,,,k,", "address"),
        ("a@example.org;b@example.org,,,,", "key-missing"),
        ("a@example.org;b@example.org,A;B;C,,k,", "names-mismatch"),
        ("a@example.org,A;B,,,", "names-mismatch"),
        ("a@example.org,,fr,,", "language-unknown"),
        ("a@example.org,,中文,,", "language-unknown"),
        ('a@example.org,"A\nBcc: x@example.org",,,', "control-character"),
        ("a@example.org,A\x07,,,", "control-character"),
        ("a@example.org,,,,\x07", "control-character"),
        ("a@example.org,A\u202eB,,,", "control-character"),
        ("a@example.org,,,,\ufdd0", "control-character"),
        ("a@example.org,,", "row-ragged"),
        ("a@example.org,,,,,x", "row-ragged"),
        ('a@example.org,"A"B,,,', "csv-quotes"),
        ('a@example.org,"A,,,', "csv-quotes"),
        ("ａ@qq.com,,,,", "address"),
    ],
)
def test_bad_row_is_told_at_its_line(folder: Folder, row: str, code: str) -> None:
    """Each kind of bad row stops the audience, with a mend."""
    audience, problems = folder.audience(PEOPLE + row + "\n")
    assert audience is None
    assert lines(problems) == [f"{code} 5"]
    assert problems[0].hint


def test_all_bad_rows_are_told(folder: Folder) -> None:
    """Not the first only."""
    audience, problems = folder.audience("address\na\nb@example.org\nc\n\nd@\n")
    assert (audience, lines(problems)) == (None, ["address 2", "address 4", "address 6"])


def test_flood_of_bad_rows_is_counted(folder: Folder) -> None:
    """The first hundred are told, and how many more there are."""
    _none, problems = folder.audience("address\n" + "bad\n" * 500)
    assert len(problems) == 101
    assert (problems[-1].code, problems[-1].message) == (
        "more-problems",
        "and 400 more problems in this file",
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "audience-empty"),
        (b"\xef\xbb\xbf", "audience-empty"),
        (b"address,name\n", "audience-empty"),
        (b"address,name\n,\n\n", "audience-empty"),
        (b"\x89PNG\0\xff", "encoding"),
        (b"a\0b\n", "binary"),
        (b"PK\x03\x04xxxx", "binary"),
        ("address，name\na，b\n".encode(), "full-width-comma"),
        (b"address,address\na@example.org,b@example.org\n", "column-repeated"),
        (b"address,,name\na@example.org,,x\n", "column-unnamed"),
        (b"e-mail\na@example.org\n", "column-unknown"),
        (b"Address\na@example.org\n", "column-unknown"),
    ],
)
def test_file_that_is_no_audience_is_told(folder: Folder, data: bytes, code: str) -> None:
    """No rows, no columns, no text: each has a message of its own."""
    audience, problems = folder.audience(data)
    assert audience is None
    assert code in [p.code for p in problems]
    assert all(p.hint for p in problems)


def test_flood_of_doubts_is_counted(folder: Folder) -> None:
    """So are those that stop nothing: every row is kept."""
    rows = "".join(f"p{n}@qq.con\n" for n in range(400))
    audience, problems = folder.audience("address\n" + rows)
    assert audience is not None
    assert len(audience.recipients) == 400
    assert [p.is_error for p in problems] == [False] * 101
    assert (problems[0].place.line, problems[-1].message) == (
        2,
        "and 300 more problems in this file",
    )


def test_faults_of_the_file_come_before_those_of_its_rows(folder: Folder) -> None:
    """Kind by kind, as they were found: structure, rows, then who is named again."""
    people = "address,track\nbad,x\na@example.org,x\na@example.org\na@example.org,y\n"
    _none, problems = folder.audience(people, CAMPAIGN + "purpose: personal\n")
    assert lines(problems) == ["row-ragged 4", "address 2", "row-differs 5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_large_file_is_decoded_across_its_pieces(folder: Folder, encoding: str) -> None:
    """Where it is cut to be read, a character of several bytes is not torn."""
    names = ["李雷" * 20, "𠮷野" * 20, "é" * 40]
    rows = [f"p{n}@example.org,{'x' * (n % 7)}{names[n % 3]}" for n in range(20_000)]
    people = "\n".join(["address,name", *rows]).encode(encoding)
    assert len(people) > 1 << 20
    audience, _problems = folder.audience(people)
    assert audience is not None
    assert [f"{one.key},{one.name}" for one in audience.recipients] == rows


def test_byte_that_is_no_text_is_found_at_the_end_too(folder: Folder) -> None:
    """The whole file is looked through before any row is believed."""
    rows = "".join(f"p{n}@example.org,李雷\n" for n in range(60_000)).encode()
    _none, problems = folder.audience(b"address,name\n" + rows + b"x@example.org,\xff\n")
    assert [p.code for p in problems if p.is_error] == ["encoding"]
    _none, problems = folder.audience(b"address,name\n" + rows + b"x@example.org,\0\n")
    assert lines(problems) == ["binary 60002"]


def test_spaces_around_column_names_are_a_doubt(folder: Folder) -> None:
    """They are read without, and told."""
    audience, problems = folder.audience("address , name\na@example.org , A\n")
    assert audience is not None
    assert [(p.code, p.is_error) for p in problems] == [("column-whitespace", False)]
    assert audience.recipients[0].name == "A"


def test_mistyped_provider_is_a_doubt(folder: Folder) -> None:
    """The row is kept, and the likely address told."""
    audience, problems = folder.audience("address\na@qq.con\n")
    assert audience is not None
    assert [(p.code, p.hint) for p in problems] == [("address-typo", 'did you mean "a@qq.com"?')]


def test_columns_can_have_other_names(folder: Folder) -> None:
    """The campaign names them; one that is not there is told in the campaign."""
    campaign = CAMPAIGN.replace("people.csv}", "people.csv, address: 邮箱, name: 姓名}")
    audience = sure(folder.audience("姓名,邮箱\n李雷,li@example.org\n", campaign))
    assert audience.recipients[0].name == "李雷"
    _none, problems = folder.audience("姓名,邮件\n李雷,li@example.org\n", campaign)
    assert [str(p.place) for p in problems] == ["campaigns/cfp.yaml:4:49"]
    assert problems[0].hint == "known here: 姓名, 邮件"


def test_columns_of_template_expect_and_attachments_must_be_there(folder: Folder) -> None:
    """What the campaign looks at is in the file, and each one's own attachment too."""
    extra = "template: {by: decision}\nexpect: {by: decison, oral: 1}\n"
    campaign = CAMPAIGN.replace("recipient", "recipient, attachments: [{column: paper}]") + extra
    _none, problems = folder.audience("address,decision\na@example.org,oral\n", campaign)
    assert told(problems) == ["column-unknown 7:14", "column-unknown 5:54"]
    campaign = campaign.replace("decison", "decision")
    folder.write("papers/1.pdf", "x")
    people = "address,decision,paper\na@example.org,oral,papers/1.pdf\nb@example.org,oral,\n"
    assert len(sure(folder.audience(people, campaign)).recipients) == 2
    _none, problems = folder.audience(
        people + "c@example.org,oral,../x\nd@example.org,oral,papers/2.pdf\n", campaign
    )
    assert lines(problems) == ["file-outside 4", "file-missing 5"]


def test_repeated_rows_are_written_to_once(folder: Folder) -> None:
    """The same person again is told; with other cells it is a doubt, for personal mail a fault."""
    people = "address,track\na@example.org,x\nA@Example.org,x\nb@example.org,y\n"
    audience = sure(folder.audience(people.replace("A@E", "a@e")))
    assert [r.key for r in audience.recipients] == ["a@example.org", "b@example.org"]
    assert (audience.repeated, audience.repeated_lines) == (1, (3,))
    people += "b@example.org,z\n"
    audience, problems = folder.audience(people)
    assert audience is not None
    assert (audience.repeated, audience.repeated_lines) == (2, (3, 5))
    assert [(p.code, p.place.line, p.is_error) for p in problems] == [
        ("row-differs", 3, False),
        ("row-differs", 5, False),
    ]
    audience, problems = folder.audience(people, CAMPAIGN + "purpose: personal\n")
    assert audience is None
    assert [p.code for p in problems] == ["row-differs", "row-differs"]


def test_one_key_for_different_addresses_is_a_fault(folder: Folder) -> None:
    """Both lines are named."""
    audience, problems = folder.audience("address,key\na@example.org,p1\nb@example.org,p1\n")
    assert audience is None
    assert [str(p).splitlines()[0] for p in problems] == [
        'audiences/people.csv:3: the key "p1" names other addresses in line 2'
    ]


def test_one_address_twice_in_a_row_is_once(folder: Folder) -> None:
    """No one gets two copies of one message."""
    audience = sure(folder.audience("address,key\na@example.org; A@EXAMPLE.org;,p1\n"))
    assert [a.spec for a in audience.recipients[0].addresses] == ["a@example.org"]


def test_where_filters_before_rows_are_judged(folder: Folder) -> None:
    """Those left out are counted, and their faults are not this campaign's."""
    people = "address,track\na@example.org,x\nbad,y\nb@example.org,z\n"
    audience = sure(folder.audience(people, where("track in ('x', 'z')")))
    assert (len(audience.recipients), audience.rows, audience.filtered) == (2, 3, 1)
    audience = sure(folder.audience(people, where("track == 'none'")))
    assert (len(audience.recipients), audience.filtered) == (0, 3)


def test_fault_of_where_stands_in_the_campaign(folder: Folder) -> None:
    """An unknown column is told at the condition."""
    audience, problems = folder.audience("address,track\na@example.org,x\n", where("trak == 'x'"))
    assert audience is None
    assert [str(p.place) for p in problems] == ["campaigns/cfp.yaml:4:47"]
    assert problems[0].hint.startswith('did you mean "track"?')


def test_exclusions_leave_out_addresses_and_keys(folder: Folder) -> None:
    """Lines or a table; one of several addresses is left out alone."""
    folder.write("audiences/out.csv", "d@example.org\nC@example.org\n")
    folder.write("audiences/keys.csv", "key,why\np9,late\n")
    campaign = CAMPAIGN.replace(
        "people.csv}", "people.csv, exclude: [audiences/out.csv, audiences/keys.csv]}"
    )
    people = PEOPLE + "e@example.org,,,p9,\n"
    audience = sure(folder.audience(people.replace("c@", "C@"), campaign))
    assert [[a.spec for a in r.addresses] for r in audience.recipients] == [
        ["li@example.org"],
        ["b@example.org"],
    ]
    assert (audience.excluded, audience.rows) == (2, 4)


def test_long_exclusions_leave_out_exactly_those(folder: Folder) -> None:
    """However many there are, nobody else is left out, and faults in them are counted."""
    rows = "".join(f"p{n}@example.org\n" for n in range(3000))
    folder.write("audiences/out.csv", "address\n" + rows)
    campaign = CAMPAIGN.replace("people.csv}", "people.csv, exclude: [audiences/out.csv]}")
    people = "address\n" + rows + "P2999@example.org.cn\np3000@example.org\n"
    audience = sure(folder.audience(people, campaign))
    assert [one.key for one in audience.recipients] == ["p2999@example.org.cn", "p3000@example.org"]
    assert audience.excluded == 3000
    folder.write("audiences/out.csv", "address\n" + "bad@\n" * 300)
    _none, problems = folder.audience(people, campaign)
    assert (len(problems), problems[-1].message) == (101, "and 200 more problems in this file")


def test_mistyped_exclusion_is_a_fault(folder: Folder) -> None:
    """An exclusion that excludes nobody by a slip would be a mail too many."""
    folder.write("audiences/out.csv", "address\nd@example\n")
    campaign = CAMPAIGN.replace("people.csv}", "people.csv, exclude: [audiences/out.csv]}")
    audience, problems = folder.audience(PEOPLE, campaign)
    assert audience is None
    assert [str(p.place) for p in problems] == ["audiences/out.csv:2"]


def test_yaml_audience_is_read_as_text(folder: Folder) -> None:
    """A list, alone or under `recipients`; cells are as written."""
    people = "- {address: a@example.org, name: No, key: 010020}\n"
    people += "- address: [b@example.org, c@example.org]\n  key: p2\n"
    folder.write("audiences/people.yaml", people)
    campaign = CAMPAIGN.replace("people.csv", "people.yaml")
    audience = sure(folder.audience("", campaign))
    assert [(r.key, r.name, r.place.line) for r in audience.recipients] == [
        ("010020", "No", 1),
        ("p2", "", 2),
    ]
    folder.write("audiences/people.yaml", "recipients:\n- address: bad\n- x\n- {address: {a: b}}\n")
    _none, problems = folder.audience("", campaign)
    assert lines(problems) == ["type 3", "type 4", "address 2", "address-missing 4"]


@pytest.mark.parametrize("text", ["", "[]", "recipients: []", "a: b", "x", "- [", "&a [*a]"])
def test_yaml_that_is_no_audience_is_told(folder: Folder, text: str) -> None:
    """One problem, no exception."""
    folder.write("audiences/people.yaml", text)
    audience, problems = folder.audience("", CAMPAIGN.replace("people.csv", "people.yaml"))
    assert audience is None
    assert len(problems) == 1


def test_language_that_the_project_lacks_is_a_fault(folder: Folder) -> None:
    """A row may ask only for what is promised."""
    folder.write("announce.yaml", SETTINGS + "languages: [zh]\n")
    audience, problems = folder.audience("address,language\na@example.org,en\n")
    assert (audience, lines(problems)) == (None, ["language-not-promised 2"])


def test_language_that_the_campaign_does_not_write_is_a_doubt(folder: Folder) -> None:
    """Who asks for Chinese and gets an English campaign is counted."""
    campaign = CAMPAIGN.replace("recipient", "en")
    audience, problems = folder.audience(
        "address,language\na@example.org,en\nb@example.org,zh\n", campaign
    )
    assert audience is not None
    assert [(p.code, p.place.line, p.is_error) for p in problems] == [
        ("language-not-promised", 3, False)
    ]


def test_missing_audience_is_told_in_the_campaign(folder: Folder) -> None:
    """When the file goes between the two readings."""
    path = folder.write("campaigns/cfp.yaml", CAMPAIGN)
    campaign, _problems = read_campaign(folder.project(), path)
    assert campaign is not None
    (folder.root / "audiences" / "people.csv").unlink()
    audience, problems = read_audience(folder.project(), campaign)
    assert (audience, told(problems)) == (None, ["file-missing 4:18"])


def test_huge_audience_is_refused(folder: Folder) -> None:
    """Beyond 200 MB it is no list of people."""
    path = folder.write("audiences/people.csv", "address\n")
    os.truncate(path, 201 * 1024 * 1024)
    campaign, _problems = read_campaign(
        folder.project(), folder.write("campaigns/cfp.yaml", CAMPAIGN)
    )
    assert campaign is not None
    assert [p.code for p in read_audience(folder.project(), campaign)[1]] == ["file-too-large"]


def test_recipients_are_found_by_number_and_key(folder: Folder) -> None:
    """Each by itself, a part of them, from the end, and by the key in any order."""
    audience = sure(folder.audience(PEOPLE))
    people = audience.recipients
    assert [people[0], people[1], people[2]] == list(people)
    assert (people[-1], people[1:]) == (people[2], [people[1], people[2]])
    assert [people.find(one.key) for one in reversed(people)] == [2, 1, 0]
    assert people.find("nobody") is None
    assert list(people.column("track")) == ["x", "y", ""]
    assert people.counts("track") == {"x": 1, "y": 1, "": 1}


def test_ten_times_the_rows_take_little_more_memory(folder: Folder) -> None:
    """The rows are not held: a recipient costs some tens of bytes."""
    path = folder.write("campaigns/cfp.yaml", CAMPAIGN)
    campaign, _problems = read_campaign(folder.project(), path)
    assert campaign is not None
    peaks = []
    for number in (1_000, 31_000):
        rows = (f"p{n}@example.org,人{n},zh,{'x' * 200}\n" for n in range(number))
        folder.write("audiences/people.csv", "address,name,language,note\n" + "".join(rows))
        tracemalloc.start()
        audience = sure(read_audience(folder.project(), campaign))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(audience.recipients) == number
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 30_000 * 100


def test_hundred_thousand_rows_take_seconds(folder: Folder) -> None:
    """A large community is read quickly."""
    rows = "".join(f"p{n}@example.org,人{n},zh,,{n}\n" for n in range(100_000))
    began = time.perf_counter()
    audience = sure(folder.audience("address,name,language,key,n\n" + rows, where("n >= 0")))
    assert len(audience.recipients) == 100_000
    assert time.perf_counter() - began < 10


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    "address",
                    "name",
                    ",",
                    ";",
                    "\n",
                    "\r",
                    '"',
                    "a@example.org",
                    "；",
                    "，",
                    "\t",
                    " ",
                    "|",
                    "sep=;",
                    "\0",
                    "李",
                    "<",
                    ">",
                    "key",
                    "language",
                    "zh",
                    "\ufeff",
                ]
            ),
            max_size=40,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_give_an_audience_or_problems(folder: Folder, data: bytes) -> None:
    """Nothing that a file can hold raises."""
    audience, problems = folder.audience(data)
    assert (audience is None) == any(problem.is_error for problem in problems)
    path = folder.root / "audiences" / "people.csv"
    assert all(problem.message for problem in read_csv(path, "people.csv").problems)
