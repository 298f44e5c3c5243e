"""announce.yaml: how an account logs in, and every fault of it at its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from reading_support import SETTINGS, Folder, told

from announce.model.project import OAuth2
from announce.problems import Severity
from announce.reading.oauth_endpoints import endpoints_of, is_safe

DATA = Path(__file__).parents[2] / "src" / "announce" / "data" / "oauth_providers.yaml"
OWN = "token_url: https://id.example.org/token, authorize_url: https://id.example.org/go"


def _settings(oauth2: str, host: str = "smtp.office365.com", more: str = "user: u, ") -> str:
    return f"{SETTINGS}email:\n  smtp: {{host: {host}, {more}oauth2: {{{oauth2}}}}}\n"


def test_client_id_is_enough_for_a_known_host(folder: Folder) -> None:
    """Exchange Online needs nothing else."""
    project, problems = folder.settings(_settings("client_id: c"))

    assert problems == []
    assert project is not None and project.settings.email.smtp is not None
    assert project.settings.email.smtp.oauth2 == OAuth2(client_id="c")


def test_own_endpoints_serve_any_host(folder: Folder) -> None:
    """What the settings name themselves needs no profile."""
    own = f"client_id: c, {OWN}, scopes: [mail]"
    project, problems = folder.settings(_settings(own, host="smtp.example.org"))

    assert (problems, project is not None) == ([], True)


def test_client_of_gmail_has_a_secret(folder: Folder) -> None:
    """Told and accepted: Google may change its mind."""
    project, problems = folder.settings(_settings("client_id: c", host="smtp.gmail.com"))

    assert project is not None
    assert [(p.code, p.severity) for p in problems] == [("oauth2-secret", Severity.WARNING)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (_settings("tenant: t"), "missing-key 4:45"),
        (_settings("client_id: ''"), "empty-value 4:65"),
        (_settings("client_id: c", more=""), "value 4:3"),
        (_settings("client_id: c", more="user: u, password: {env: X}, "), "value 4:3"),
        (_settings("client_id: c, tenant: a/b"), "value 4:76"),
        (_settings("client_id: c, client_secret: GOCSPX-x"), "literal-secret 4:83"),
        (_settings("client_id: c", host="smtp.example.org"), "oauth2-endpoints 4:51"),
        (_settings("client_id: c, scopes: [a b]"), "oauth2-scope 4:77"),
        (_settings("client_id: c, scopes: []"), "range 4:68"),
        (_settings("client_id: c, token_url: http://id.example.org/t"), "insecure 4:79"),
        (_settings("client_id: c, device_url: id.example.org"), "url 4:80"),
        (_settings("client_id: c, authorize_url: 'https://'"), "url 4:83"),
    ],
)
def test_fault_of_a_login_is_told_at_its_place(
    folder: Folder, settings: str, expected: str
) -> None:
    """Each wrong setting where it stands, with a mend."""
    project, problems = folder.settings(settings)

    assert project is None
    assert expected in told(problems)
    assert all(problem.hint or problem.code == "value" for problem in problems)


def test_secret_under_the_wrong_key_is_never_repeated(folder: Folder) -> None:
    """Somebody may have pasted it into any of the lines."""
    _project, problems = folder.settings(
        _settings("client_id: c, token_url: hunter2, tenant: hunter/2, scopes: [hunter 2]")
    )

    assert len(problems) == 3
    assert not [problem for problem in problems if "hunter" in str(problem)]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example.org/token", True),
        ("HTTPS://id.example.org", True),
        ("http://127.0.0.1:8000/token", True),
        ("http://localhost/token", True),
        ("http://id.example.org/token", False),
        ("http://127.0.0.1.example.org/token", False),
        ("ftp://127.0.0.1/", False),
        ("https://", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_tokens_are_fetched_over_https_or_from_this_machine(url: str, safe: bool) -> None:
    """Nothing else is an address for secrets."""
    assert is_safe(url) is safe


@pytest.mark.parametrize(
    ("host", "tenant", "token_url"),
    [
        ("SMTP.gmail.com.", None, "https://oauth2.googleapis.com/token"),
        (
            "smtp.office365.com",
            None,
            "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
        ),
        (
            "smtp.office365.com",
            "example.org",
            "https://login.microsoftonline.com/example.org/oauth2/v2.0/token",
        ),
        (
            "smtp-mail.outlook.com",
            None,
            "https://login.microsoftonline.com/consumers/oauth2/v2.0/token",
        ),
        (
            "smtp.partner.outlook.cn",
            None,
            "https://login.partner.microsoftonline.cn/organizations/oauth2/v2.0/token",
        ),
    ],
)
def test_endpoints_follow_the_host(host: str, tenant: str | None, token_url: str) -> None:
    """The provider by host name, the organisation filled in."""
    endpoints = endpoints_of(host, OAuth2(client_id="c", tenant=tenant))

    assert endpoints is not None
    assert endpoints.token_url == token_url
    assert endpoints.register


def test_own_addresses_go_first() -> None:
    """Each can be replaced, the others stay the provider's."""
    own = OAuth2(client_id="c", token_url="https://id.example.org/token", scopes=["mail"])
    endpoints = endpoints_of("smtp.gmail.com", own)

    assert endpoints is not None
    assert (endpoints.token_url, endpoints.scopes) == ("https://id.example.org/token", ("mail",))
    assert endpoints.authorize_url == "https://accounts.google.com/o/oauth2/v2/auth"


def test_every_profile_is_whole_and_has_its_source() -> None:
    """Addresses to which secrets go: encrypted, dated, and from a page that can be looked at."""
    for profile in yaml.safe_load(DATA.read_text(encoding="utf-8")):
        urls = [profile[key] for key in profile if key.endswith("_url")]
        assert all(is_safe(url) and url.startswith("https://") for url in urls), profile["name"]
        assert all(("{tenant}" in url) is ("tenant" in profile) for url in urls)
        assert set(profile) - {"device_url", "tenant"} == {
            "name", "hosts", "authorize_url", "token_url", "scopes", "redirect", "extra",
            "secret", "register", "source", "seen", "note",
        }  # fmt: skip
        assert profile["redirect"] in ("127.0.0.1", "localhost")
        assert set(profile["register"]) == {"zh", "en"}
        assert re.match(r"https://", profile["source"])
        assert re.fullmatch(r"\d{4}-\d{2}", str(profile["seen"]))
