"""Notices to single readers: what their fields may hold, and each told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from wechat_support import APP_ID, NOON, SECRET, Steps

from announce.channels.notice.fields import check
from announce.channels.notice.transport import NoticeTransport
from announce.channels.wechat.api import OfficialAccount
from announce.errors import InputError, MachineError
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Notice
from announce.sandbox.wechat import Account, AccountKind, Fault, OfficialAccountServer
from announce.sandbox.wechat.population import invented_openid

KEY = DeliveryKey("decisions", "once", "notice", "p017")
READER = invented_openid(1)
LOST = [
    Fault.TOKEN, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.BUSY_BEFORE, Fault.BUSY_AFTER,
    Fault.HTTP502, Fault.HTTP502_AFTER, Fault.HTML, Fault.HTML_AFTER,
]  # fmt: skip

OpenAccount = Callable[..., OfficialAccount]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[OfficialAccountServer]:
    """A verified service account."""
    played = Account(app_id=APP_ID, app_secret=SECRET, kind=AccountKind.VERIFIED_SERVICE)
    with OfficialAccountServer(tmp_path / "sandbox", now=lambda: NOON, account=played) as server:
        yield server


def template_of(server: OfficialAccountServer, use: str) -> str:
    """The id of the account's first template of a use."""
    return next(one.template_id for one in server.templates if one.use == use)


@pytest.fixture
def notice(service: OfficialAccountServer) -> Notice:
    """A decision, in the words of the account's template."""
    return Notice(
        language="zh",
        subject="SCIFM-017 评审结果",
        openid=READER,
        use="template",
        template_id=template_of(service, "template"),
        fields=(
            ("thing1", "基础模型的开放科学"),
            ("character_string2", "SCIFM-017"),
            ("phrase3", "录用"),
            ("time4", "2025年3月5日 20:00"),
        ),
        link="https://scifm.example.org/2025",
        source="templates/zh/decisions.oral.md.j2",
    )


class Way:
    """A transport that waits for nothing, with what it handed over."""

    def __init__(self, account: OfficialAccount, steps: Steps) -> None:
        self.steps = steps
        self.handed = 0
        self.at = NOON
        self._transport = NoticeTransport(
            account, steps, now=lambda: self.at, sleep=lambda _seconds: None
        )

    def deliver(self, notice: Notice) -> Outcome:
        """Send one."""
        with self._transport as transport:
            outcome = transport.deliver(notice, KEY, "<one@example.org>", self._hand_over)
        self.steps.ended(KEY, outcome)
        return outcome

    def settle(self, notice: Notice) -> Outcome | None:
        """Look what became of one."""
        return self._transport.settle(notice, KEY, "<one@example.org>")

    def _hand_over(self) -> None:
        self.handed += 1
        self.steps.now = lambda: self.at
        self.steps.note(KEY, "handed_over", {})


@pytest.fixture
def way(service: OfficialAccountServer, open_account: OpenAccount) -> Way:
    """The way to its readers."""
    return Way(open_account(service.api_base), Steps())


def read(server: OfficialAccountServer) -> list[str]:
    """Whom notices reached."""
    return [one.openid for one in server.notices() if one.kind in ("template", "subscribe")]


def test_template_message_reaches_its_reader(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """The platform's id of it is in the evidence."""
    outcome = way.deliver(notice)
    assert (outcome.state, list(outcome.detail), way.handed) == (State.SENT, ["msgid"], 1)
    assert read(service) == [READER]


@pytest.mark.parametrize("fault", LOST)
def test_template_message_whose_answer_is_lost_is_sent_once(
    way: Way, service: OfficialAccountServer, notice: Notice, fault: Fault
) -> None:
    """A repeat with the same id is the same message."""
    service.fail_next("message/template/send", fault, times=2 if fault is not Fault.TOKEN else 1)
    assert way.deliver(notice).state is State.SENT
    assert read(service) == [READER]


def test_template_message_without_any_answer_is_sent_again_soon(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """Within minutes a look lets it go again, and it is still one message."""
    service.fail_next("message/template/send", Fault.LOST_AFTER, times=3)
    assert way.deliver(notice).state is State.IN_DOUBT
    looked = way.settle(notice)
    assert looked is not None
    assert looked.state is State.PLANNED
    assert way.deliver(notice).state is State.SENT
    assert read(service) == [READER]


def test_old_doubt_stays_for_a_person(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """After ten minutes the same id would be another message."""
    service.fail_next("message/template/send", Fault.LOST_AFTER, times=3)
    way.deliver(notice)
    way.at += timedelta(minutes=6)
    assert way.settle(notice) is None


def test_repeat_that_was_held_up_is_not_made_too_late(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """A pause of the account may lie between a look and the repeat; a no to one says nothing of
    the message before it."""
    service.fail_next("message/template/send", Fault.LOST_AFTER, times=3)
    way.deliver(notice)
    assert way.settle(notice) is not None
    way.at += timedelta(minutes=4)
    service.fail_next("message/template/send", 45011)
    assert way.deliver(notice).state is State.IN_DOUBT
    way.at += timedelta(minutes=6)
    assert way.deliver(notice).state is State.IN_DOUBT
    assert (way.handed, read(service)) == (2, [READER])


@pytest.mark.parametrize("no", [45009, 45011, 43004])
def test_a_no_after_a_lost_answer_leaves_the_doubt(
    way: Way, service: OfficialAccountServer, notice: Notice, no: int
) -> None:
    """The first one may have been taken: another day's try would be a second message."""
    service.fail_next("message/template/send", Fault.LOST_AFTER)
    service.fail_next("message/template/send", no)

    assert way.deliver(notice).state is State.IN_DOUBT
    way.at += timedelta(minutes=30)
    assert way.settle(notice) is None
    assert read(service) == [READER]


def test_person_who_settles_it_lets_it_go_again(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """Whoever looked and saw nothing knows better than the clock."""
    service.fail_next("message/template/send", Fault.LOST_BEFORE, times=3)
    way.deliver(notice)
    way.at += timedelta(hours=1)
    way.steps.note(KEY, "settled_not_sent", {})
    assert way.deliver(notice).state is State.SENT
    assert read(service) == [READER]


def test_subscription_is_used_up_by_one_message(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """A second one is refused by the reader's own word."""
    asked = subscription(service, notice)
    assert [way.deliver(asked).state for _ in range(2)] == [State.SENT, State.FAILED]
    assert read(service) == [READER]


def test_subscription_message_whose_answer_is_lost_is_not_repeated(
    way: Way, service: OfficialAccountServer, notice: Notice
) -> None:
    """It has no id of ours: a repeat would be a second message."""
    asked = subscription(service, notice)
    service.add_credit(READER, asked.template_id, 3)
    service.fail_next("message/subscribe/bizsend", Fault.LOST_AFTER)
    assert way.deliver(asked).state is State.IN_DOUBT
    assert way.settle(asked) is None
    assert read(service) == [READER]


def subscription(server: OfficialAccountServer, notice: Notice) -> Notice:
    """The notice as one that its reader subscribed to."""
    fields = (("thing1", "开放科学"), ("date2", "2025-03-05"), ("thing3", "录用"))
    template = template_of(server, "subscribe")
    return replace(notice, use="subscription", template_id=template, fields=fields)


def test_stranger_fails_and_the_next_reader_is_told(way: Way, notice: Notice) -> None:
    """One who does not follow is no reason to leave out the others."""
    stranger = replace(notice, openid="oStranger_who_never_followed")
    assert way.deliver(stranger).state is State.FAILED
    assert way.deliver(notice).state is State.SENT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"template_id": "no-such-template"}, "the account has no template no-such-template"),
        (
            {"fields": (("thing1", "开放科学"),)},
            "has the fields character_string2, phrase3, thing1, time4, and"
            " templates/zh/decisions.oral.md.j2 gives thing1",
        ),
    ],
)
def test_template_that_does_not_fit_is_told_before_anything_is_sent(
    way: Way, service: OfficialAccountServer, notice: Notice, change: dict, message: str
) -> None:
    """Nothing was handed over."""
    with pytest.raises(InputError, match=message):
        way.deliver(replace(notice, **change))
    assert (way.handed, read(service)) == (0, [])


def test_account_without_the_right_is_told_before_anything_is_sent(
    tmp_path: Path, open_account: OpenAccount, notice: Notice
) -> None:
    """Template messages are for verified service accounts."""
    played = Account(app_id=APP_ID, app_secret=SECRET, kind=AccountKind.VERIFIED_SUB)
    with OfficialAccountServer(tmp_path / "other", now=lambda: NOON, account=played) as server:
        way = Way(open_account(server.api_base), Steps())
        with pytest.raises(MachineError, match="48001"):
            way.deliver(notice)
    assert way.handed == 0


@pytest.mark.parametrize("code", [40249, 43116])
def test_refusal_for_all_stops_the_rest(
    way: Way, service: OfficialAccountServer, notice: Notice, code: int
) -> None:
    """To insist after a word about marketing would cost the account its rights."""
    service.fail_next("message/template/send", code)
    outcome = way.deliver(notice)
    assert (outcome.state, outcome.detail["class"]) == (State.FAILED, "account")
    assert str(code) in outcome.reason
    assert (way.handed, read(service)) == (1, [])


@pytest.mark.parametrize(
    "change", [{"openid": invented_openid(2)}, {"fields": (("thing1", "别的"),)}, {"link": ""}]
)
def test_other_words_are_no_repeat(
    way: Way, service: OfficialAccountServer, notice: Notice, change: dict
) -> None:
    """The platform would not send them to the reader: what became of the first is in doubt."""
    service.fail_next("message/template/send", Fault.LOST_AFTER, times=3)
    way.deliver(notice)
    other = replace(notice, **change)
    assert way.settle(other) is None
    assert way.deliver(other).state is State.IN_DOUBT
    assert way.settle(notice) is not None
    assert read(service) == [READER]


@pytest.mark.parametrize(
    ("name", "value", "ok"),
    [
        ("number4", "３", False),
        ("time7", "25:99", False),
        ("time7", "１５:０１", False),
        ("date8", "2019-13-01", False),
        ("date8", "2019年10月32日", False),
        ("date8", "2019年10月31日 23:59", True),
        ("thing1", "二十个字" * 5, True),
        ("thing1", "二十个字" * 5 + "多", False),
        ("character_string2", "SCIFM-017", True),
        ("character_string2", "SCIFM 017", False),
        ("character_string2", "编号17", False),
        ("phrase3", "录用", True),
        ("phrase3", "Accepted", False),
        ("phrase3", "录用为海报展示", False),
        ("number4", "3.5", True),
        ("number4", "3 篇", False),
        ("letter5", "abc", True),
        ("letter5", "abc1", False),
        ("symbol6", "※", True),
        ("symbol6", "a", False),
        ("time7", "2019年10月1日 15:01", True),
        ("time7", "15:01", True),
        ("time7", "三点", False),
        ("date8", "2019年10月1日", True),
        ("date8", "2019-10-01", True),
        ("date8", "10月1日", True),
        ("date8", "1 October 2019", False),
        ("amount9", "￥120.5元", True),
        ("amount9", "一百元", False),
        ("phone_number10", "+86-0766-66888866", True),
        ("phone_number10", "see below", False),
        ("car_number11", "粤A8Z888挂", True),
        ("car_number11", "粤A8Z888 挂", False),
        ("name12", "顾清和", True),
        ("name12", "Clara Nordwall", True),
        ("name12", "一二三四五六七八九十甲", False),
        ("keyword1", "随便写" * 30, True),
        ("thing1", "two\nlines", False),
    ],
)
def test_value_that_wechat_refuses_is_told_before(
    notice: Notice, name: str, value: str, ok: bool
) -> None:
    """The name of the field and its rule are told, with the template's file."""
    found = check(replace(notice, fields=((name, value),)))
    assert [problem.is_error for problem in found] == ([] if ok else [True])
    assert [str(problem.place) for problem in found] == [notice.source] * len(found)


def test_check_and_platform_agree(way: Way, notice: Notice) -> None:
    """What the check takes, the account takes; what it refuses, the account refuses too."""
    too_long = dict(notice.fields) | {"thing1": "长" * 21}
    wrong = replace(notice, fields=tuple(too_long.items()))
    assert (check(notice), len(check(wrong))) == ([], 1)
    outcome = way.deliver(wrong)
    assert (outcome.state, outcome.detail["code"]) == (State.FAILED, 47003)
    assert "data.thing1.value" in outcome.reason


def test_long_value_of_an_old_template_is_doubted(notice: Notice) -> None:
    """Nobody documents their limits."""
    found = check(replace(notice, fields=(("keyword1", "长" * 201),)))
    assert [problem.is_error for problem in found] == [False]
