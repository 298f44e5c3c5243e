"""The emulator's template and subscription messages."""

from __future__ import annotations

import pytest

from announce.sandbox.wechat.population import invented_openid

ONE, TWO = invented_openid(1), invented_openid(2)
RESULT = {
    "thing1": {"value": "论区域网络"},
    "character_string2": {"value": "CFP-017"},
    "phrase3": {"value": "录用"},
    "time4": {"value": "2026年11月23日 09:30"},
}
REMINDER = {
    "thing1": {"value": "征稿"},
    "date2": {"value": "2027-01-15"},
    "thing3": {"value": "请按时投稿"},
}


def template(api, use):
    return next(one for one in api.server.templates if one.use == use)


def send(api, **changes):
    asked = {
        "touser": ONE,
        "template_id": template(api, "template").template_id,
        "data": RESULT,
        **changes,
    }
    return api.json("message/template/send", asked)


def bizsend(api, **changes):
    asked = {
        "touser": ONE,
        "template_id": template(api, "subscribe").template_id,
        "data": REMINDER,
        **changes,
    }
    return api.json("message/subscribe/bizsend", asked)


def test_templates_are_listed(service):
    """The list names the fields that data must have."""
    (listed,) = service.get("template/get_all_private_template")["template_list"]

    assert (listed["title"], len(listed["template_id"])) == ("投稿结果通知", 43)
    assert template(service, "template").fields == tuple(RESULT)


def test_template_message_reaches_its_reader(service):
    """What arrives is the template filled in, and an event tells of it."""
    msgid = send(service)["msgid"]

    (reached,) = service.server.readers()
    assert (reached.kind, reached.people, reached.titles) == ("template", (ONE,), ("投稿结果通知",))
    assert reached.words.splitlines()[:3] == [
        "稿件标题：论区域网络",
        "稿件编号：CFP-017",
        "评审结果：录用",
    ]
    (event,) = service.server.events()
    assert f"<MsgID>{msgid}</MsgID><Status><![CDATA[success]]></Status>" in event


@pytest.mark.parametrize(("later", "copies"), [(599, 1), (600, 2)])
def test_client_id_is_kept_for_ten_minutes(service, clock, later, copies):
    """Again within them: the same number, and no second message."""
    first = send(service, client_msg_id="d-17")["msgid"]
    clock.forward(later)
    second = send(service, client_msg_id="d-17")["msgid"]
    other = send(service, client_msg_id="d-17", touser=TWO)["errcode"]

    assert ((second == first), other) == (copies == 1, 0)
    assert [reached.people for reached in service.server.readers()].count((ONE,)) == copies


def test_who_refuses_messages_is_told_by_the_event(service):
    """Accepted is not arrived."""
    service.server.change_follower(ONE, refuses=True)

    assert send(service)["errcode"] == 0
    assert service.server.readers() == []
    assert "failed:user block" in service.server.events()[0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"touser": "oStranger"}, 40003),
        ({"touser": None}, 40003),
        ({"template_id": "none"}, 40037),
        ({"data": None}, 47003),
        ({"data": {**RESULT, "thing1": {"value": ""}}}, 47003),
        ({"data": {**RESULT, "thing1": "x"}}, 47003),
        ({"data": {**RESULT, "more": {"value": "x"}}}, 47003),
        ({"data": {name: RESULT[name] for name in ("thing1",)}}, 47003),
        ({"url": "ftp://example.org"}, 40035),
        ({"url": "https://example.org/" + "x" * 1024}, 40039),
        ({"miniprogram": {"appid": "x"}}, 40013),
        ({"url": "https://example.org/"}, 0),
    ],
)
def test_template_message_with_a_fault_gets_its_code(service, changes, code):
    """Nothing is sent of a refused one."""
    assert send(service, **changes)["errcode"] == code
    assert len(service.server.readers()) == (1 if code == 0 else 0)


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("thing1", "字" * 20, True),
        ("thing1", "字" * 21, False),
        ("character_string2", "A-17/b", True),
        ("character_string2", "编号", False),
        ("character_string2", "x" * 33, False),
        ("phrase3", "录用", True),
        ("phrase3", "Accept", False),
        ("phrase3", "有条件录用了", False),
        ("time4", "09:30", True),
        ("time4", "2026-11-23 09:30:00", True),
        ("time4", "soon", False),
    ],
)
def test_field_rules(service, name, value, good):
    """The kind in a field's name says what it takes; the refusal names the field."""
    answer = send(service, data={**RESULT, name: {"value": value}})

    assert answer["errcode"] == (0 if good else 47003)
    assert (f"data.{name}.value" in answer["errmsg"]) is not good


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        ("number", "12.5", True),
        ("number", "twelve", False),
        ("letter", "ABC", True),
        ("letter", "A1", False),
        ("amount", "¥100.50", True),
        ("amount", "100 yuan", False),
        ("phone_number", "+86 10-1234", True),
        ("phone_number", "1" * 18, False),
        ("name", "王小明", True),
        ("name", "Ada Lovelace", True),
        ("name", "王" * 11, False),
        ("date", "2027年1月15日", True),
        ("date", "15 January", False),
        ("keyword", "x" * 200, True),
        ("keyword", "x" * 201, False),
    ],
)
def test_other_kinds_of_fields(service, kind, value, good):
    """Those that the seeded templates do not have."""
    made = service.server.add_template("template", kind, f"{{{{{kind}1.DATA}}}}")

    answer = send(service, template_id=made.template_id, data={f"{kind}1": {"value": value}})

    assert answer["errcode"] == (0 if good else 47003)


def test_follower_who_left_gets_no_template_message(service):
    """43004, and a subscription that was agreed to before still holds."""
    service.server.change_follower(ONE, subscribed=False)

    assert (send(service)["errcode"], bizsend(service)["errcode"]) == (43004, 0)


def test_subscription_is_used_up(service):
    """One agreement is one message; another agreement, another message."""
    first, second = bizsend(service), bizsend(service)
    service.server.add_credit(ONE, template(service, "subscribe").template_id)

    assert first == {"errcode": 0, "errmsg": "ok"}
    assert (second["errcode"], bizsend(service)["errcode"]) == (43101, 0)
    assert [reached.kind for reached in service.server.readers()] == ["subscribe"] * 2


def test_refused_subscription_message_uses_nothing_up(service):
    """A fault in the data leaves the agreement."""
    long = {**REMINDER, "thing1": {"value": "字" * 21}}

    assert bizsend(service, data=long)["errcode"] == 47003
    service.server.change_follower(ONE, refuses=True)
    assert bizsend(service)["errcode"] == 43101
    service.server.change_follower(ONE, refuses=False)
    assert bizsend(service)["errcode"] == 0


def test_notices_are_for_service_accounts(subscription):
    """A subscription account has neither, verified or not."""
    for path in ("message/template/send", "message/subscribe/bizsend"):
        assert subscription.json(path, {})["errcode"] == 48001
    assert subscription.get("template/get_all_private_template")["errcode"] == 48001
