"""Project settings: `announce.yaml` as it is written."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, model_validator

from announce.model.base import Localised, Noun, about
from announce.model.languages import Language
from announce.texts import say

Counted = Literal["recipients", "messages"]
AccountKind = Literal["personal_sub", "ent_unverified", "verified_sub", "verified_service"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(say('"{value}" is not a duration: write 30s, 10m, 2h or 7d', value=value))
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(lambda value: f"{value.total_seconds():g}s", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d)$"}),
]


class Secret(Noun):
    """Where a secret is kept: never the secret itself."""

    env: str | None = about(
        "Environment variable that holds it.", "保存它的环境变量。", default=None
    )
    keyring: str | None = about(
        "Keyring service that holds it (needs the extra `keyring`).",
        "保存它的钥匙串服务名（需安装附加项 `keyring`）。",
        default=None,
    )
    user: str | None = about(
        "User name within the keyring service.", "钥匙串服务中的用户名。", default=None
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.keyring is None):
            raise ValueError(say("name either env, or keyring with user"))
        if self.keyring is not None and self.user is None:
            raise ValueError(say("a keyring secret needs user"))
        if self.env is not None and self.user is not None:
            raise ValueError(say("user goes with keyring, not with env"))
        return self


class Sender(Noun):
    """Who the mails are from."""

    name: Localised = about("Display name.", "显示名称。")
    address: str = about("The From address.", "发件地址（From）。")
    reply_to: str | None = about(
        "Where answers go, when not to the From address.",
        "回复地址；缺省为发件地址。",
        default=None,
    )


class OAuth2(Noun):
    """A login by OAuth2 instead of a password; `announce login` makes it.

    Gmail and Exchange Online need `client_id` only (Gmail its secret too): their addresses are
    known. No token stands here: they are kept in the keyring or in the user's state folder.
    """

    client_id: str = about(
        "Id of the client (app) registered with the provider; no secret.",
        "在服务商处注册的客户端（应用）ID，并非机密。",
    )
    client_secret: Secret | None = about(
        "Where the client's secret is kept, if it has one (Gmail: yes).",
        "客户端密钥存放之处（如有；Gmail 须填）。",
        default=None,
    )
    tenant: str | None = about(
        "Organisation at Microsoft: its domain or id; default: any organisation.",
        "Microsoft 租户：其域名或 ID；缺省为任意组织。",
        pattern=r"^[A-Za-z0-9.-]+$",
        default=None,
    )
    authorize_url: str | None = about(
        "Where the browser goes; default: the provider's.",
        "浏览器登录地址；缺省为服务商的地址。",
        default=None,
    )
    device_url: str | None = about(
        "Where a login without a browser begins; default: the provider's.",
        "无浏览器登录的起始地址；缺省为服务商的地址。",
        default=None,
    )
    token_url: str | None = about(
        "Where tokens come from; default: the provider's.",
        "获取令牌的地址；缺省为服务商的地址。",
        default=None,
    )
    scopes: list[str] | None = about(
        "Rights to ask for; default: the provider's for sending mail.",
        "申请的权限；缺省为服务商的发信权限。",
        min_length=1,
        default=None,
    )


class Smtp(Noun):
    """The SMTP server that takes the mails."""

    host: str = about("Host name, as in its certificate.", "主机名，须与证书一致。")
    port: int = about(
        "Port: 587 for starttls, 465 for tls.",
        "端口：starttls 为 587，tls 为 465。",
        ge=1,
        le=65535,
        default=587,
    )
    security: Literal["tls", "starttls", "none"] = about(
        "tls, starttls, or none; none only to this machine itself (loopback).",
        "tls、starttls 或 none；none 仅限本机（回环地址）。",
        default="starttls",
    )
    user: str | None = about(
        "Login name; absent: no login.", "登录名；缺省则不登录。", default=None
    )
    password: Secret | None = about("Where the password is kept.", "密码存放之处。", default=None)
    oauth2: OAuth2 | None = about(
        "Log in with OAuth2 instead of a password.", "用 OAuth2 代替密码登录。", default=None
    )
    ca: str | None = about(
        "File of a certificate authority to trust instead of the system's.",
        "改为信任的证书机构文件（代替系统证书）。",
        default=None,
    )
    timeout: Duration = about(
        "How long to wait for an answer.", "等待应答的时长。", default=timedelta(seconds=60)
    )

    @model_validator(mode="after")
    def _login_whole(self) -> Self:
        if self.password is not None and self.oauth2 is not None:
            raise ValueError(say("name either password or oauth2, not both"))
        if (self.user is None) != (self.password is None and self.oauth2 is None):
            raise ValueError(say("user goes with password or with oauth2"))
        return self


class Limits(Noun):
    """How fast and how much the account may send; what is absent is the provider's."""

    per_minute: int | None = about(
        "How many in any 60 seconds; see `counts`.",
        "任意 60 秒内的数目，计法见 `counts`。",
        ge=1,
        default=None,
    )
    per_day: int | None = about(
        "How many in any 24 hours; see `counts`.",
        "任意 24 小时内的数目，计法见 `counts`。",
        ge=1,
        default=None,
    )
    counts: Counted | None = about(
        "What these figures count: recipients (a mail to three is three) or messages. Default: "
        "as the provider counts, else recipients.",
        "上述数目的计法：recipients 按收件人计（一封发给三人计三），messages 按封计。"
        "缺省按服务商的计法，否则按收件人计。",
        default=None,
    )
    per_connection: int | None = about(
        "Messages before a connection is renewed.",
        "每个连接发送多少封后重新连接。",
        ge=1,
        default=None,
    )


class Budget(Noun):
    """When failures stop a run."""

    of_last: int = about(
        "Look at so many of the latest messages.", "只看最近这么多封。", ge=1, default=100
    )
    alike: int = about(
        "Stop when so many of them failed alike.", "其中同类失败达到此数即停止。", ge=1, default=50
    )


class Retry(Noun):
    """What happens to transient refusals within one run."""

    waits: list[Duration] = about(
        "Waits before each further try.",
        "每次重试前的等待。",
        default=[timedelta(seconds=n) for n in (1, 3, 10, 30)],
    )
    throttle_pause: Duration = about(
        "Pause of the account when the server says it is too fast.",
        "服务器提示发送过快时账号暂停的时长。",
        default=timedelta(seconds=60),
    )
    budget: Budget = about("When failures stop the run.", "何时因失败而停止。", default=Budget())


class EmailSettings(Noun):
    """The e-mail account; without `smtp`, mails go to the sandbox."""

    smtp: Smtp | None = about(
        "The server; absent: the sandbox.", "服务器；缺省为沙盒。", default=None
    )
    connections: int = about(
        "Connections at once. Absent: as many, or fewer where the provider takes fewer; "
        "16 to a server on this machine.",
        "同时连接数。缺省即此数，服务商允许的更少时从其数；服务器就在本机时为 16。",
        ge=1,
        le=64,
        default=4,
    )
    processes: int | None = about(
        "Processes that make and check the mails side by side; one of them sends. Default: 2 for "
        "thousands of mails, on Linux with several cores; else 1.",
        "并行生成和检查邮件的进程数；发送只由其中一个进程完成。"
        "默认：在多核 Linux 上有数千封邮件时为 2，否则为 1。",
        ge=1,
        le=2,
        default=None,
    )
    limits: Limits | None = about(
        "Own limits for this account.", "本账号自定的限额。", default=None
    )
    retry: Retry = about(
        "Retries within a run, of the official account's articles too.",
        "一次运行内的重试，公众号文章也适用。",
        default=Retry(),
    )
    list_id: str | None = about(
        "List-Id of the mails; default: made from the sender's address.",
        "邮件的 List-Id；缺省由发件地址生成。",
        default=None,
    )


class WechatSettings(Noun):
    """The official account; without `app_id` and `app_secret`, articles go to the sandbox."""

    app_id: Secret | str | None = about(
        "AppID, or where it is kept (it is no secret).",
        "AppID，或其存放之处（并非机密）。",
        default=None,
    )
    app_secret: Secret | None = about(
        "Where the AppSecret is kept.", "AppSecret 存放之处。", default=None
    )
    api_base: str = about(
        "Base of the API; another one for a relay with a fixed address.",
        "接口地址；如经固定 IP 的中转则填中转地址。",
        default="https://api.weixin.qq.com",
    )
    author: Localised | None = about("Author shown on articles.", "文章作者。", default=None)
    font: str | None = about(
        "Font file for covers that are made, relative to the project; absent: one is looked for.",
        "自动生成封面所用的字体文件，相对项目目录；缺省则自动查找。",
        default=None,
    )
    rehearse_as: AccountKind = about(
        "Kind of account that the sandbox plays: `personal_sub` (personal subscription account), "
        "`ent_unverified` (an organisation's, not verified), `verified_sub`, `verified_service`.",
        "沙盒扮演的账号类型：`personal_sub`（个人订阅号）、`ent_unverified`（未认证企业号）、"
        "`verified_sub`（认证订阅号）、`verified_service`（认证服务号）。",
        default="personal_sub",
    )

    @model_validator(mode="after")
    def _account_whole(self) -> Self:
        if (self.app_id is None) != (self.app_secret is None):
            raise ValueError(say("app_id and app_secret go together"))
        return self


class ScheduleSettings(Noun):
    """What goes for all scheduled campaigns."""

    notify: str | None = about(
        "Address that is told by mail when a scheduled run needs a person.",
        "定时运行需要人处理时，以邮件告知此地址。",
        default=None,
    )


class Settings(Noun):
    """`announce.yaml`."""

    name: Localised = about("Name of the event or community.", "活动或社群的名称。")
    languages: list[Language] = about(
        "Languages of the project; the first is the default.",
        "项目语言；第一个为默认。",
        min_length=1,
        max_length=2,
        default=["zh", "en"],
    )
    timezone: str = about(
        "Time zone of the organisers.", "组织者所在时区。", default="Asia/Shanghai"
    )
    sender: Sender = about("Who the mails are from.", "发件人。")
    email: EmailSettings = about("The e-mail account.", "邮件账号。", default=EmailSettings())
    wechat: WechatSettings = about("The official account.", "公众号。", default=WechatSettings())
    groups: dict[str, list[str]] = about(
        "Addresses of people by a name, for the steps of a `rollout`.",
        "按名称列出的地址，供 `rollout` 的步骤使用。",
        default={},
    )
    checks: dict[str, Literal["error", "warning", "silent"]] = about(
        "How bad the findings of a check are, by its code; `silent`: they are not told.",
        "各项检查（按代码）的严重程度；`silent` 则不提示。",
        default={},
    )
    schedule: ScheduleSettings = about(
        "Scheduled campaigns.", "定时活动。", default=ScheduleSettings()
    )
    ledger: str = about(
        "Where the ledger is.",
        "台账位置。",
        pattern=r"^sqlite:///.+",
        default="sqlite:///.announce/ledger.sqlite3",
    )


class Project(Noun):
    """A folder with settings: `root` is absolute."""

    root: Path
    settings: Settings

    @property
    def languages(self) -> tuple[Language, ...]:
        """The project's languages, the default first."""
        return tuple(self.settings.languages)

    @property
    def private(self) -> Path:
        """`.announce/`: ledger, sandbox, caches; never in git."""
        return self.root / ".announce"
