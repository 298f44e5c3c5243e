"""The emulator's mass messages: submitting, deduplication, quotas, the administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from announce.sandbox.wechat import AccountKind
from announce.sandbox.wechat.population import invented_openid

SOME = {"is_to_all": False, "tag_id": 100}
ALL = {"is_to_all": True}
PEOPLE = [invented_openid(1), invented_openid(2)]


def body(api, **changes):
    """A mass message of a fresh draft to everybody."""
    news = {"filter": ALL, "msgtype": "mpnews", "send_ignore_reprint": 0}
    media = {} if "mpnews" in changes else {"mpnews": {"media_id": api.add()["media_id"]}}
    return {**news, **media, **changes}


def text(words="通知", **changes):
    return {"filter": ALL, "msgtype": "text", "text": {"content": words}, **changes}


def sendall(api, message):
    api.login()  # hours may have passed
    return api.json("message/mass/sendall", message)


def state(api, msg_id):
    return api.json("message/mass/get", {"msg_id": msg_id})["msg_status"]


def test_message_is_accepted_then_sent(subscription, clock):
    """msg_id is beyond 32 bits; after the delay it is sent, and the draft is gone."""
    message = body(subscription)

    answer = sendall(subscription, message)

    assert (answer["errcode"], answer["errmsg"]) == (0, "send job submission success")
    assert answer["msg_id"] > 2**31 and type(answer["msg_data_id"]) is int
    assert state(subscription, answer["msg_id"]) == "SENDING"
    clock.forward(2)
    assert state(subscription, str(answer["msg_id"])) == "SEND_SUCCESS"
    assert subscription.json("draft/get", message["mpnews"])["errcode"] == 40007
    (reached,) = subscription.server.readers()
    assert (reached.kind, reached.titles, len(reached.people)) == ("mass", ("征稿通知",), 12)


def test_message_to_a_tag_reaches_those_with_it(service, clock):
    """A tag is a number; those without it get nothing."""
    sendall(service, text(filter=SOME))
    clock.forward(2)

    (reached,) = service.server.readers()
    assert reached.people == tuple(invented_openid(number) for number in range(1, 9))


def test_text_has_no_data_id(service):
    """msg_data_id comes with articles only."""
    assert "msg_data_id" not in sendall(service, text())


def test_message_by_openid_is_for_service_accounts(service, subscription, clock):
    """Two people at least, and everybody of them gets it."""
    message = text(touser=PEOPLE)
    answer = service.json("message/mass/send", message)
    clock.forward(2)

    assert (answer["errcode"], service.server.readers()[0].people) == (0, tuple(PEOPLE))
    assert subscription.json("message/mass/send", message)["errcode"] == 48001


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (PEOPLE[:1], 40130),
        (PEOPLE[0], 40031),
        ([*PEOPLE, "oStranger"], 40003),
        (["o"] * 10_001, 40032),
    ],
)
def test_list_of_people_is_checked(service, people, code):
    """One is too few, ten thousand the most, strangers are refused."""
    assert service.json("message/mass/send", text(touser=people))["errcode"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"msgtype": "news"}, 40008),
        ({"mpnews": {"media_id": "none"}}, 40007),
        ({"mpnews": "none"}, 40007),
        ({"msgtype": "text", "text": {"content": " "}}, 44004),
        ({"msgtype": "text", "text": {"content": '<a href="https://example.org">x</a>'}}, 40066),
        ({"msgtype": "text", "text": {"content": "x"}, "filter": {"tag_id": 999}}, 40152),
        ({"msgtype": "text", "text": {"content": "x"}, "filter": {"tag_id": "100"}}, 40152),
        ({"msgtype": "text", "text": {"content": "x"}, "filter": {}}, 40152),
        ({"msgtype": "text", "text": {"content": "x"}, "filter": None}, 40035),
        ({"filter": {"is_to_all": "true"}}, 40035),
        ({"send_ignore_reprint": 2}, 40035),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"msgtype": "image", "images": {"media_ids": ["none"]}}, 40007),
        ({"clientmsgid": "x" * 33}, 45067),
        ({"clientmsgid": "字" * 11}, 45067),
        ({"clientmsgid": 1}, 47001),
    ],
)
def test_message_with_a_fault_gets_its_code(service, changes, code):
    """Each part of a message is checked, and no job is made."""
    assert sendall(service, body(service, **changes))["errcode"] == code
    assert service.server.masses() == []


def test_pictures_are_sent_by_their_ids(service):
    """A message of pictures has `images` with a list."""
    message = {"filter": ALL, "msgtype": "image", "images": {"media_ids": [service.cover()]}}

    assert sendall(service, message)["errcode"] == 0


@pytest.mark.parametrize(
    ("later", "code"), [(59, 45066), (60, 45065), (86_399, 45065), (86_400, 0)]
)
def test_client_id_is_kept_for_a_day(service, clock, later, code):
    """Repeated at once: too fast; later: the first job's id, and no second message."""
    message = text(clientmsgid="cfp-2026")
    first = sendall(service, message)
    clock.forward(later)

    second = sendall(service, message)

    assert second["errcode"] == code
    assert (second.get("msg_id") == first["msg_id"]) is (code == 45065)
    assert "msg_data_id" not in second
    assert len(service.server.masses()) == (1 if code else 2)


def test_client_id_is_made_of_the_content_where_it_is_missing(service, clock):
    """The same message to the same people is refused without an id of its own too."""
    sendall(service, text())
    clock.forward(61)

    codes = [sendall(service, text(words, filter=to))["errcode"] for words, to in
             [("通知", ALL), ("通知", SOME), ("另一则", ALL)]]  # fmt: skip

    assert codes == [45065, 0, 0]


def test_draft_on_its_way_to_followers_is_not_taken_again(service, clock):
    """The same draft under another id: too fast, then gone."""
    message = body(service, clientmsgid="one")
    sendall(service, message)

    assert sendall(service, {**message, "clientmsgid": "two"})["errcode"] == 42010
    clock.forward(2)
    assert sendall(service, {**message, "clientmsgid": "two"})["errcode"] == 40007


def test_draft_that_is_being_published_is_not_sent(subscription):
    """One draft comes out once."""
    message = body(subscription)
    subscription.json("freepublish/submit", message["mpnews"])

    assert sendall(subscription, message)["errcode"] == 40007


def test_subscription_account_sends_once_a_day(subscription, clock):
    """A day is Shanghai's: it begins at 16:00 UTC."""
    codes = [
        sendall(subscription, text("一"))["errcode"],
        sendall(subscription, text("二"))["errcode"],
    ]
    clock.forward(7 * 3600 - 1)
    codes.append(sendall(subscription, text("三"))["errcode"])
    clock.forward(1)
    codes.append(sendall(subscription, text("四"))["errcode"])

    assert codes == [0, 45028, 45028, 0]


def test_failed_message_costs_no_quota(subscription, clock):
    """Only what succeeded counts."""
    subscription.server.mass_as("err(20001)")
    msg_id = sendall(subscription, text("一"))["msg_id"]
    clock.forward(2)

    assert state(subscription, msg_id) == "SEND_FAIL"
    assert sendall(subscription, text("二"))["errcode"] == 0


def test_follower_of_a_service_account_gets_four_a_month(service, clock):
    """The fifth is not refused: it reaches those who had fewer."""
    service.server.add_follower("oNewcomer", tags=["新"])
    for number in range(4):
        sendall(service, text(str(number), filter=SOME))
        clock.forward(2)
    service.json(
        "tags/members/batchtagging", {"openid_list": ["oNewcomer"], "tagid": SOME["tag_id"]}
    )

    sendall(service, text("5", filter=SOME))
    clock.forward(2)

    got = [len(reached.people) for reached in service.server.readers()]
    assert got == [8, 8, 8, 8, 1]
    assert service.server.readers()[-1].people == ("oNewcomer",)
    assert service.server.masses()[0].counts == {
        "TotalCount": 9,
        "FilterCount": 1,
        "SentCount": 1,
        "ErrorCount": 0,
    }


def test_service_account_sends_to_everybody_four_times_a_month(service, clock):
    """The fifth to all is refused until the month is over."""
    codes = []
    for number in range(5):
        codes.append(sendall(service, text(str(number)))["errcode"])
        clock.forward(2)
    clock.forward(timedelta(days=31).total_seconds())
    service.login()
    codes.append(sendall(service, text("next"))["errcode"])

    assert codes == [0, 0, 0, 0, 45028, 0]


def test_those_who_left_or_refuse_count_as_errors(service, clock):
    """SentCount and ErrorCount make up FilterCount."""
    sendall(service, text(filter=SOME))
    service.server.change_follower(PEOPLE[0], refuses=True)
    service.server.change_follower(PEOPLE[1], subscribed=False)
    clock.forward(2)

    assert service.server.masses()[0].counts == {
        "TotalCount": 7,
        "FilterCount": 7,
        "SentCount": 6,
        "ErrorCount": 1,
    }


def test_sixty_calls_a_minute(service, clock):
    """The sixty-first call of a minute is refused, whatever it asks."""
    codes = {sendall(service, {})["errcode"] for _ in range(60)}
    codes_after = sendall(service, {})["errcode"]
    clock.forward(60)

    assert (codes, codes_after, sendall(service, {})["errcode"]) == ({40008}, 45011, 40008)


@pytest.mark.parametrize("code", [89504, 89505])
def test_message_to_everybody_waits_for_the_administrator(service, clock, code):
    """The code is no refusal: the job is there, and its id comes with the second call."""
    service.server.admin_confirms(code)
    message = text(clientmsgid="once")
    waiting = sendall(service, message)
    clock.forward(60)

    repeated = sendall(service, message)

    assert (waiting["errcode"], "msg_id" in waiting) == (code, False)
    assert repeated["errcode"] == 45065
    assert state(service, repeated["msg_id"]) == "SENDING"
    assert service.server.admin_answers(True) == [repeated["msg_id"]]
    clock.forward(2)
    assert state(service, repeated["msg_id"]) == "SEND_SUCCESS"
    assert len(service.server.readers()) == 1


@pytest.mark.parametrize(
    ("refused", "later", "expected"),
    [(True, 0, "err(40001)"), (False, 1799, ""), (False, 1800, "err(40002)")],
)
def test_administrator_refuses_or_is_silent(service, clock, refused, later, expected):
    """After half an hour without an answer the message fails, and its draft stays."""
    service.server.admin_confirms()
    sendall(service, body(service))
    if refused:
        service.server.admin_answers(False)
    clock.forward(later)

    (job,) = service.server.masses()

    assert job.outcome == expected
    assert (service.server.readers(), len(service.server.drafts())) == ([], 1)


def test_message_to_a_tag_does_not_wait(service):
    """Only everybody is guarded."""
    service.server.admin_confirms()

    assert sendall(service, text(filter=SOME))["errcode"] == 0


@pytest.mark.parametrize(
    ("allowed", "ignore", "outcome"),
    [(True, 1, "send success"), (True, 0, "err(30003)"), (False, 1, "err(30002)")],
)
def test_reprint_is_sent_where_it_may_and_is_wanted(service, clock, allowed, ignore, outcome):
    """send_ignore_reprint 0 stops a reprint; 1 goes on if the author lets it."""
    service.server.mass_as(reprint=allowed)
    sendall(service, body(service, send_ignore_reprint=ignore))
    clock.forward(2)

    assert service.server.masses()[0].outcome == outcome


def test_preview_reaches_one_person_and_costs_nothing(subscription):
    """By openid or WeChat name; the draft stays in the box."""
    message = body(subscription)
    shown = [
        subscription.json("message/mass/preview", {**message, **to})
        for to in ({"touser": PEOPLE[0]}, {"towxname": "ada_lovelace"})
    ]

    assert [answer["errmsg"] for answer in shown] == ["preview success"] * 2
    assert [reached.people for reached in subscription.server.readers()] == [
        (PEOPLE[0],),
        ("ada_lovelace",),
    ]
    assert sendall(subscription, message)["errcode"] == 0


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({"touser": "oStranger"}, 40003),
        ({}, 40003),
        ({"towxname": "名"}, 40132),
        ({"towxname": "short"}, 40132),
    ],
)
def test_preview_to_nobody(subscription, to, code):
    """A stranger and an impossible name are refused."""
    assert subscription.json("message/mass/preview", {**text(), **to})["errcode"] == code


def test_preview_of_a_picture_has_one(subscription):
    """A preview takes `image` with one media_id."""
    shown = {"touser": PEOPLE[0], "msgtype": "image", "image": {"media_id": subscription.cover()}}

    assert subscription.json("message/mass/preview", shown)["errcode"] == 0


def test_previews_by_name_are_counted(subscription):
    """A hundred a day."""
    subscription.server.allow_calls("message/mass/preview", 1)
    shown = {**text(), "towxname": "ada_lovelace"}

    codes = [subscription.json("message/mass/preview", shown)["errcode"] for _ in range(2)]

    assert codes == [0, 45009]


def test_sent_articles_are_deleted_by_number_or_address(service, clock):
    """Article by article, and all of them; the cards stay with people."""
    articles = [service.article(), service.article(title="次篇")]
    media_id = service.json("draft/add", {"articles": articles})["media_id"]
    msg_id = sendall(service, body(service, mpnews={"media_id": media_id}))["msg_id"]
    early = service.json("message/mass/delete", {"msg_id": msg_id})["errcode"]
    clock.forward(2)
    links = [one.link for one in service.server.masses()[0].articles]

    codes = [
        service.json("message/mass/delete", asked)["errcode"]
        for asked in (
            {"msg_id": msg_id, "article_idx": 3},
            {"msg_id": 1},
            {"url": "https://mp.weixin.qq.com/s/none"},
            {"url": links[1]},
        )
    ]

    assert (early, codes) == (40059, [40060, 40059, 40059, 0])
    assert [one.deleted for one in service.server.masses()[0].articles] == [False, True]
    assert state(service, msg_id) == "SEND_SUCCESS"
    assert service.json("message/mass/delete", {"msg_id": msg_id, "article_idx": 0})["errcode"] == 0
    assert state(service, msg_id) == "DELETE"
    assert len(service.server.readers()[0].people) == 12


def test_text_cannot_be_deleted(service, clock):
    """What is not a page stays."""
    msg_id = sendall(service, text())["msg_id"]
    clock.forward(2)

    assert service.json("message/mass/delete", {"msg_id": msg_id})["errcode"] == 40008


def test_speed_is_kept(service):
    """0 is the fastest; beyond 4 is refused."""
    codes = [
        service.json("message/mass/speed/set", asked)["errcode"]
        for asked in ({"speed": 5}, {}, {"speed": 1})
    ]

    assert codes == [45083, 45084, 0]
    assert service.json("message/mass/speed/get", {}) == {"speed": 1, "realspeed": 60}


def test_mass_messages_are_not_among_the_published(subscription, clock):
    """freepublish/batchget lists only what was published."""
    sendall(subscription, body(subscription))
    clock.forward(2)

    assert subscription.json("freepublish/batchget", {"offset": 0, "count": 1})["total_count"] == 0


def test_two_processes_make_one_message(account, clock):
    """The id is the folder's: a second process meets it too."""
    first, second = (account(kind=AccountKind.VERIFIED_SERVICE) for _ in range(2))
    first.login()
    second.login()
    answers = [sendall(api, text(clientmsgid="once")) for api in (first, second)]
    clock.forward(2)

    assert [answer["errcode"] for answer in answers] == [0, 45066]
    assert len(second.server.readers()) == 1


def test_message_is_asked_about_in_vain(service):
    """An id that there is not."""
    assert service.json("message/mass/get", {"msg_id": "x"})["errcode"] == 40059


def test_many_at_once_make_one_message(account, clock):
    """Eight calls with one id, over two processes' worth of servers: one job, one delivery."""
    clients = [account(kind=AccountKind.VERIFIED_SERVICE) for _ in range(2)]
    for api in clients:
        api.login()
    message = text(clientmsgid="once")

    def ask(number: int) -> int:
        api = clients[number % 2]
        return api.json("message/mass/sendall", message)["errcode"]

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(ask, range(8)))
        clock.forward(2)
        seen = list(pool.map(lambda number: len(clients[number % 2].server.readers()), range(8)))

    assert codes == [0] + [45066] * 7
    assert seen == [1] * 8
    assert len(clients[0].server.events()) == 1


def test_draft_submitted_by_many_at_once_is_published_once(account, clock):
    """One submission is accepted, seven meet 40007."""
    clients = [account(kind=AccountKind.VERIFIED_SUB) for _ in range(2)]
    for api in clients:
        api.login()
    asked = {"media_id": clients[0].add()["media_id"]}

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda number: clients[number % 2].json("freepublish/submit", asked)["errcode"],
            range(8),
        )
        codes = sorted(answers)
    clock.forward(2)

    assert codes == [0] + [40007] * 7
    assert len(clients[1].server.readers()) == 1
