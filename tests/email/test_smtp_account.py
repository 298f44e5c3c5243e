"""Accounts: their name in the ledger, their limits, and the secret that is not shown."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from announce.channels.email.account import Account, connections_of, limits_for, limits_of
from announce.channels.email.answers import AnswerClass, classify
from announce.model.project import EmailSettings, Limits, Secret, Smtp

DATA = Path(__file__).parents[2] / "src" / "announce" / "data"


def test_account_is_named_by_user_and_host() -> None:
    """The id names whose limits are shared; case of the host does not matter."""
    account = Account(host="SMTP.example.org", port=587, user="li@example.org", password="x")
    assert account.id == "li@example.org@smtp.example.org"
    assert Account(host="localhost", port=25, security="none").id == "localhost:25"


def test_account_hides_its_password() -> None:
    """Neither repr nor str show the secret."""
    account = Account(host="smtp.example.org", port=587, user="li", password="s3cret")
    assert "s3cret" not in f"{account!r} {account!s}"


def test_account_of_settings() -> None:
    """Settings with the secret looked up; the certificate file lies in the project."""
    smtp = Smtp(
        host="smtp.example.org",
        port=465,
        security="tls",
        user="li",
        password=Secret(env="SMTP_PASSWORD"),
        ca="ca.pem",
        timeout=timedelta(seconds=7),
    )
    assert Account.of(smtp, password="s3cret", root=Path("/project")) == Account(
        host="smtp.example.org",
        port=465,
        security="tls",
        user="li",
        password="s3cret",
        ca=Path("/project/ca.pem"),
        timeout=7.0,
    )


@pytest.mark.parametrize(
    ("host", "provider", "minute", "day", "guessed"),
    [
        ("smtp.gmail.com", "Gmail", 20, 500, False),
        ("SMTP.QQ.com", "QQ Mail", 5, 50, True),
        ("smtp.126.com", "NetEase Mail", 5, 50, True),
        ("smtp.office365.com", "Exchange Online", 30, 10000, False),
        ("email-smtp.eu-west-1.amazonaws.com", "Amazon SES", 60, 200, False),
        ("smtp.example.org", "", 20, 500, True),
        ("localhost", "", None, None, False),
        ("127.0.0.1", "", None, None, False),
        ("::1", "", None, None, False),
    ],
)
def test_limits_follow_the_host(
    host: str, provider: str, minute: int | None, day: int | None, guessed: bool
) -> None:
    """The provider's profile by host name; an unknown host is held back; loopback is free."""
    limits = limits_for(host)
    assert (limits.provider, limits.per_minute, limits.per_day, limits.guessed) == (
        provider, minute, day, guessed,
    )  # fmt: skip
    assert bool(limits.warning) is guessed
    assert bool(limits.hint) is guessed


def test_own_limits_go_first() -> None:
    """Both given: no guess is left; one given: the other is the profile's."""
    both = limits_for("smtp.example.org", Limits(per_minute=60, per_day=900))
    one = limits_for("smtp.qq.com", Limits(per_day=300))
    assert (both.per_minute, both.per_day, both.guessed) == (60, 900, False)
    assert (one.per_minute, one.per_day, one.guessed) == (5, 300, True)


def test_own_way_of_counting_goes_first() -> None:
    """Each of the profile's ways can be set otherwise; what is not set stays."""
    theirs = limits_for("smtp.office365.com")
    own = limits_for("smtp.office365.com", Limits(counts="messages", per_connection=20))

    assert (theirs.minute_counts, theirs.day_counts) == ("messages", "recipients")
    assert (own.minute_counts, own.day_counts) == ("messages", "messages")
    assert (theirs.per_connection, own.per_connection) == (500, 20)
    assert (own.per_minute, own.per_day) == (30, 10000)


@pytest.mark.parametrize(
    ("user", "provider", "day", "counts"),
    [
        ("li@gmail.com", "Gmail", 500, "recipients"),
        ("Li@Googlemail.com", "Gmail", 500, "recipients"),
        ("chairs@workshop.example.org", "Google Workspace", 2000, "messages"),
        (None, "Gmail", 500, "recipients"),
    ],
)
def test_login_tells_kinds_of_accounts_apart(
    user: str | None, provider: str, day: int, counts: str
) -> None:
    """Gmail and Workspace share a host; who does not log in gets the narrower limits."""
    limits = limits_for("smtp.gmail.com", user=user)

    assert (limits.provider, limits.per_day, limits.day_counts) == (provider, day, counts)


@pytest.mark.parametrize(
    ("host", "figure"),
    [
        ("smtp.163.com", 10),
        ("smtp.gmail.com", 50),
        ("email-smtp.us-east-1.amazonaws.com", 100),
        ("smtp.office365.com", 500),
        ("smtp.example.org", 500),
        ("localhost", 500),
    ],
)
def test_connection_is_renewed_sooner_where_that_is_known(host: str, figure: int) -> None:
    """The profile's figure, else 500."""
    assert limits_for(host).per_connection == figure


@pytest.mark.parametrize(
    ("host", "more", "connections"),
    [
        ("smtp.office365.com", {}, 3),
        ("smtp.office365.com", {"connections": 2}, 2),
        ("smtp.office365.com", {"connections": 4}, 4),
        ("smtp.163.com", {}, 1),
        ("smtp.example.org", {}, 4),
        ("localhost", {}, 16),
        ("localhost", {"connections": 2}, 2),
        ("localhost", {"connections": 20}, 20),
    ],
)
def test_connections_are_no_more_than_the_provider_takes(
    host: str, more: dict[str, int], connections: int
) -> None:
    """Unless the settings say otherwise; a server on this machine takes more."""
    settings = EmailSettings(smtp=Smtp(host=host), **more)

    assert connections_of(settings, limits_of(settings)) == connections


def test_every_figure_has_its_source() -> None:
    """A figure without source and date is a rumour; a guess of ours says that it is one."""
    figures = {"per_minute", "per_day", "per_connection", "connections"}
    for profile in yaml.safe_load((DATA / "smtp_providers.yaml").read_text(encoding="utf-8")):
        about = set(profile) - figures
        assert about - {"users"} == {
            "name", "hosts", "published", "from_other", "login", "note",
        }, profile["name"]  # fmt: skip
        assert set(profile["login"]) == {"zh", "en"}
        assert profile["from_other"] in ("taken", "refused", "replaced")
        assert {"per_minute", "per_day"} <= set(profile)
        for name in figures & set(profile):
            figure = profile[name]
            assert figure["most"] > 0
            assert ("counts" in figure) is (name in ("per_minute", "per_day"))
            assert figure.get("counts", "messages") in ("recipients", "messages")
            assert re.match(r"https://|ours$", figure["source"]), (profile["name"], name)
            assert re.match(r"20\d\d-\d\d$", str(figure["seen"]))


def test_published_limit_of_a_day_has_a_page() -> None:
    """Where we say that a provider publishes its limits, the day's is not a guess."""
    for profile in yaml.safe_load((DATA / "smtp_providers.yaml").read_text(encoding="utf-8")):
        if profile["published"]:
            assert profile["per_day"]["source"] != "ours", profile["name"]


def test_every_special_answer_has_its_source() -> None:
    """Patterns compile, classes exist, sources are named."""
    for answer in yaml.safe_load((DATA / "smtp_answers.yaml").read_text(encoding="utf-8")):
        re.compile(answer["match"])
        assert answer["class"] in set(AnswerClass)
        assert re.match(r"https://", answer["source"])


@pytest.mark.parametrize(
    ("answer", "stage", "kind"),
    [
        ("535 5.7.139 Authentication unsuccessful", "login", AnswerClass.LOGIN_REFUSED),
        ("550 5.7.30 Basic authentication is not supported", "data", AnswerClass.LOGIN_REFUSED),
        ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit", "data", AnswerClass.THROTTLED),
        ("550 5.7.515 Access denied", "data", AnswerClass.SENDER_REFUSED),
        ("550 Ip frequency limited", "mail", AnswerClass.THROTTLED),
        ("550 MI:STC mail6,x", "mail", AnswerClass.QUOTA),
        ("451 RP:QRC mail6,x", "rcpt", AnswerClass.THROTTLED),
        ("451 DT:SPM mail6,x", "data", AnswerClass.THROTTLED),
        ("554 too frequently sending", "data", AnswerClass.THROTTLED),
        ("552 Daily sending quota exceeded", "data", AnswerClass.QUOTA),
        ("436 mail from doesn't conform with authentication", "mail", AnswerClass.SENDER_REFUSED),
        ("559 invalid rcptto", "rcpt", AnswerClass.RECIPIENT_REFUSED),
        ("454 Throttling failure: Maximum sending rate exceeded.", "data", AnswerClass.THROTTLED),
        ("454 Throttling failure: Daily message quota exceeded.", "data", AnswerClass.QUOTA),
        ("550 5.1.10 no such recipient", "rcpt", AnswerClass.RECIPIENT_REFUSED),
        ("550 5.2.1 mailbox disabled", "rcpt", AnswerClass.RECIPIENT_REFUSED),
        ("550 no such user", "rcpt", AnswerClass.RECIPIENT_REFUSED),
        ("552 over quota", "rcpt", AnswerClass.RECIPIENT_UNAVAILABLE),
        ("550 5.7.1 blocked by policy", "rcpt", AnswerClass.MESSAGE_REFUSED),
        ("552 5.3.4 too big", "data", AnswerClass.MESSAGE_REFUSED),
        ("552 too big", "data", AnswerClass.MESSAGE_REFUSED),
        ("553 not yours", "mail", AnswerClass.SENDER_REFUSED),
        ("421 4.4.2 timeout", "data", AnswerClass.TRANSIENT),
    ],
)
def test_answer_is_classed_by_what_is_to_be_done(
    answer: str, stage: str, kind: AnswerClass
) -> None:
    """Special answers first, then enhanced codes, then the number at its stage."""
    code, _, text = answer.partition(" ")
    assert classify(int(code), text, stage) is kind  # type: ignore[arg-type]
