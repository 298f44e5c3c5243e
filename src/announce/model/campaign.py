"""A campaign: one YAML file, as it is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, WithJsonSchema, model_validator

from announce.model.approval import ApprovalRule
from announce.model.base import Localised, Noun, about
from announce.model.delivery import CHANNELS, Channel
from announce.model.languages import Language
from announce.model.moment import Deadline
from announce.model.occurrence import Occurrence
from announce.model.project import Duration
from announce.model.schedule import Entry, Quiet
from announce.texts import say

Purpose = Literal["announcement", "personal"]
Deliver = Literal["draft", "publish", "mass", "paste"]
Comments = Literal["closed", "fans", "everybody"]
NoticeUse = Literal["template", "subscription"]
Moment = Annotated[date | Deadline, WithJsonSchema({"type": "string"})]


class AudienceSource(Noun):
    """Which recipients: a file, who of them, and what its columns are called."""

    file: str = about(
        "CSV or YAML file, relative to the project.", "CSV 或 YAML 文件，相对项目目录。"
    )
    where: str | None = about(
        "Condition on the columns, such as `decision == 'oral' and track != 'demo'`.",
        "按列筛选的条件，如 `decision == 'oral' and track != 'demo'`。",
        default=None,
    )
    address: str = about("Column of the address or addresses.", "地址列。", default="address")
    name: str = about("Column of the name or names.", "姓名列。", default="name")
    language: str = about("Column of the language.", "语言列。", default="language")
    key: str = about("Column of the key.", "键列。", default="key")
    known: str | None = about(
        "File of all submissions: each must have its row, and columns of the same name must agree.",
        "全部投稿的文件：每篇都须有对应的行，同名的列须一致。",
        default=None,
    )
    exclude: list[str] = about(
        "Files of addresses or keys that are left out.", "需排除的地址或键的文件。", default=[]
    )


class Attachment(Noun):
    """A file sent along: the same for all, or named by a column of the audience."""

    file: Localised | None = about(
        "File, relative to the project.", "文件，相对项目目录。", default=None
    )
    column: str | None = about(
        "Column that names each recipient's own file (blank: none).",
        "写有每位收件人各自文件的列（留空则无）。",
        default=None,
    )
    name: Localised | None = about(
        "Name shown to the reader.", "收件人看到的文件名。", default=None
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.column is None):
            raise ValueError(say("an attachment needs file or column, and not both"))
        return self


class CalendarEntry(Noun):
    """A date of the facts as an entry of the .ics file sent along."""

    fact: str = about(
        "Which fact, such as `deadlines.submission`.", "哪一个事实，如 `deadlines.submission`。"
    )
    title: Localised = about("Title of the entry.", "日程标题。")


class EmailPlan(Noun):
    """How the campaign goes out by e-mail."""

    languages: Literal["recipient"] | Language | list[Language] = about(
        "`recipient` (each one's own), one language, or `[zh, en]`: one bilingual message.",
        "`recipient`（按收件人语言）、一种语言，或 `[zh, en]`（一封双语邮件）。",
        default="recipient",
    )
    reply_to: str | None = about(
        "Where answers to this campaign go.", "本活动的回复地址。", default=None
    )
    attachments: list[Attachment] = about("Files sent along.", "附件。", default=[])
    calendar: list[CalendarEntry] = about(
        "Dates sent along as an .ics file.", "以 .ics 附上的日期。", default=[]
    )


class FurtherArticle(Noun):
    """A further article of the same message, from the templates of another kind."""

    kind: str = about(
        "Kind: names its templates.", "类别：决定所用模板。", pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$"
    )
    cover: Localised | None = about(
        "Cover picture, relative to the project; absent: one is made.",
        "封面图，相对项目目录；缺省则自动生成。",
        default=None,
    )
    author: Localised | None = about(
        "Author shown; absent: the message's.", "署名作者；缺省同主文章。", default=None
    )
    original_url: Localised | None = about(
        "Where “read original” leads; absent: the message's.",
        "“阅读原文”的去处；缺省同主文章。",
        default=None,
    )


class ArticlePlan(Noun):
    """One message of the official account: an article, or several that go out together."""

    language: Language | list[Language] = about(
        "Language of the article, or `[zh, en]`: one message with an article in each.",
        "文章语言；`[zh, en]` 则为一条图文消息，每种语言一篇。",
    )
    deliver: Deliver = about(
        "How far it goes: `draft` (a person publishes it), `publish` (a page that followers are "
        "not told of), `mass` (sent to followers), `paste` (a page to copy from, without the "
        "API). What the account may not do, it does the next lower way.",
        "送到哪一步：`draft`（草稿，由人发布）、`publish`（发布，不通知关注者）、"
        "`mass`（群发给关注者）、`paste`（不用接口，生成供复制的页面）。"
        "账号无权时自动降到下一级。",
        default="draft",
    )
    cover: Localised | None = about(
        "Cover picture, relative to the project; absent: one is made.",
        "封面图，相对项目目录；缺省则自动生成。",
        default=None,
    )
    author: Localised | None = about("Author shown.", "署名作者。", default=None)
    original_url: Localised | None = about(
        "Where “read original” leads.", "“阅读原文”的去处。", default=None
    )
    theme: str = about(
        "Theme: a file of `templates/layouts/themes/`.",
        "主题：`templates/layouts/themes/` 中的文件。",
        default="plain",
    )
    tag: str | None = about(
        "With `mass`: only to followers with this tag.",
        "`mass` 时：只发给带有此标签的关注者。",
        min_length=1,
        default=None,
    )
    comments: Comments = about(
        "Who may comment: `closed`, `fans` (followers) or `everybody`.",
        "谁可以留言：`closed`（不开放）、`fans`（关注者）或 `everybody`（所有人）。",
        default="closed",
    )
    also: list[FurtherArticle] = about(
        "Further articles of the same message, after this one; at most 8 in all.",
        "同一条图文消息中的其他文章，排在其后；合计最多 8 篇。",
        default=[],
    )

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of the message, in their order."""
        return (self.language,) if isinstance(self.language, str) else tuple(self.language)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its further articles."""
        return tuple(one.kind for one in self.also)

    @property
    def covers(self) -> tuple[Localised, ...]:
        """The cover files that are named."""
        named = [self.cover, *(one.cover for one in self.also)]
        return tuple(cover for cover in named if cover is not None)


class NoticePlan(Noun):
    """One person's matters, told in WeChat by a verified service account."""

    use: NoticeUse = about(
        "`template` (a template message to a follower) or `subscription` (a notice that its "
        "reader has asked for, once each).",
        "`template`（发给关注者的模板消息）或 `subscription`（读者订阅过的通知，一次订阅一条）。",
        default="template",
    )
    template_id: Localised = about(
        "Id of the template, as the account's console shows it.", "模板 ID，见公众平台后台。"
    )
    openid: str = about(
        "Column of the reader's openid (blank: not told this way).",
        "读者 openid 所在的列（留空则不以此方式通知）。",
        default="openid",
    )
    link: Localised | None = about("Where a tap on it leads.", "点按后打开的网址。", default=None)


class TemplateChoice(Noun):
    """How a variant of the template is picked."""

    by: str = about("Column that picks the variant.", "决定模板变体的列。")


class Ignored(Noun):
    """A finding of a check that somebody has looked at."""

    check: str = about("The check's code.", "检查的代码。", min_length=1)
    text: str = about(
        "Words that stand in what it told; absent: whatever it tells.",
        "提示中出现的文字；缺省则该检查的一切提示。",
        default="",
    )
    reason: str = about("Why it is as it should be.", "为何无妨。", min_length=1)


class Rollout(Noun):
    """In which steps a campaign is sent."""

    stages: list[int | str] = about(
        "A group of the settings, a number of further recipients, a share of all, or `rest`.",
        "设置中的一个组、再发多少位、占全体的比例，或 `rest`（其余）。",
        min_length=1,
    )
    between: Duration | Literal["ask"] = about(
        "Between two steps: `ask` a person, or wait so long.",
        "两步之间：`ask`（询问），或等待多久。",
        default="ask",
    )


class Campaign(Noun):
    """What, to whom, on which channels."""

    campaign: str = about(
        "Id, unique in the project, never reused.",
        "编号，项目内唯一，不得重用。",
        pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$",
    )
    kind: str = about(
        "Kind: names the templates.", "类别：决定所用模板。", pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$"
    )
    title: Localised = about("Title.", "标题。")
    purpose: Purpose = about(
        "`announcement` (may be unsubscribed from) or `personal` (decisions, assignments).",
        "`announcement`（可退订）或 `personal`（录用结果、任务分配等个人事务）。",
        default="announcement",
    )
    as_of: Moment | None = about(
        "For rehearsals of a past season: the moment at which dates are judged.",
        "演练往届时：以此时刻判断日期。",
        default=None,
    )
    facts: dict[str, Any] = about("Whatever the templates use.", "模板所用的事实。", default={})
    pictures: dict[str, Localised] = about(
        "Pictures by name: a file of the project, or an https address to load from afar.",
        "按名称列出的图片：项目内文件，或远程 https 地址。",
        default={},
    )
    audience: AudienceSource | None = about(
        "Who is written to, each by e-mail or notice.", "邮件和通知的收件人。", default=None
    )
    email: EmailPlan | None = about("By e-mail.", "邮件渠道。", default=None)
    notice: NoticePlan | None = about(
        "To each person in WeChat; `purpose: personal` only.",
        "微信通知，一人一条；仅限 `purpose: personal`。",
        default=None,
    )
    wechat: list[ArticlePlan] = about("By official account.", "公众号渠道。", default=[])
    template: TemplateChoice | None = about("Variants of the template.", "模板变体。", default=None)
    schedule: list[Entry] = about(
        "When it is sent by `announce schedule run`: one or several moments, cron expressions, or "
        "times before or after a date of the facts.",
        "由 `announce schedule run` 何时发送：一个或多个时刻、cron 表达式，或事实中某日期之前、之后"
        "的时间。",
        default=[],
    )
    quiet: Quiet | None = about(
        "Hours and days without scheduled messages.", "定时消息避开的时段与日期。", default=None
    )
    expect: dict[str, Any] = about(
        "Figures the plan must meet, or nothing is sent: `by` names a column, the rest count "
        "its values.",
        "计划须符合的数目，否则不发送：`by` 指定列，其余为各取值的数目。",
        default={},
    )
    author: str | None = about(
        "Who wrote it, for `approval: {not: author}`.",
        "作者，供 `approval: {not: author}` 使用。",
        min_length=1,
        default=None,
    )
    approval: Annotated[Literal["required"] | ApprovalRule, Field(union_mode="left_to_right")] | (
        None
    ) = about(
        "`required`: a real send is refused until somebody has approved exactly what it would "
        "send; `{by: 2, not: author}`: two people, neither of them the campaign's author.",
        "`required`：须有人批准将要发出的全部内容，否则拒绝真实发送；`{by: 2, not: author}`："
        "须两人批准，且都不是活动的作者。",
        default=None,
    )
    ignore: list[Ignored] = about(
        "Findings of checks that are as they should be, each with a reason.",
        "经查看无妨的检查提示，各附理由。",
        default=[],
    )
    hold: Duration | None = about(
        "How long a real send waits before its first message, so that it can be stopped.",
        "真实发送在发出第一条消息之前等待多久，以便叫停。",
        default=None,
    )
    rollout: Annotated[list[int | str], Field(min_length=1)] | Rollout | None = about(
        "In steps: `[chairs, 5, 50%, rest]`; a person is asked between them.",
        "分步发送：`[chairs, 5, 50%, rest]`；每步之间询问。",
        default=None,
    )
    path: Annotated[Path, Field(exclude=True)] = Path()
    _occurrence: Occurrence = PrivateAttr(default=Occurrence())
    _whole: Campaign | None = PrivateAttr(default=None)

    @property
    def occurrence(self) -> Occurrence:
        """Which of its moments this is about."""
        return self._occurrence

    def at(self, occurrence: Occurrence) -> Campaign:
        """The campaign as that occurrence sends it: with the words, the audience and the channels
        of its entry."""
        entry, whole = occurrence.entry, self.whole
        found = whole.model_copy(update=_changed(whole, entry) if entry else None)
        found._occurrence, found._whole = occurrence, whole
        return found

    @property
    def whole(self) -> Campaign:
        """The campaign as its file has it, whichever occurrence this is about."""
        return self._whole or self

    @property
    def rollout_plan(self) -> Rollout | None:
        """The steps in which it is sent; None where it is sent at once."""
        return Rollout(stages=self.rollout) if isinstance(self.rollout, list) else self.rollout

    @property
    def approvals(self) -> ApprovalRule | None:
        """Who must approve it before it is sent for real; None where nobody needs to."""
        return ApprovalRule() if self.approval == "required" else self.approval

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not channels_of(self):
            raise ValueError(say("a campaign needs email, notice or wechat"))
        if self.email is not None and self.audience is None:
            raise ValueError(say("e-mail needs an audience"))
        if self.notice is not None and self.audience is None:
            raise ValueError(say("notices need an audience"))
        if self.approvals and self.approvals.not_ == "author" and not self.author:
            raise ValueError(say("approval says `not: author`, and the campaign names no author"))
        return self

    @property
    def id(self) -> str:
        """The campaign's id."""
        return self.campaign

    @property
    def addresses_people(self) -> bool:
        """Whether each of the audience gets a message of their own."""
        return self.email is not None or self.notice is not None


def _changed(campaign: Campaign, entry: Entry) -> dict[str, Any]:
    """What an entry of the schedule has its own way."""
    changed: dict[str, Any] = {}
    if entry.kind:
        changed["kind"] = entry.kind
    if entry.channels is not None:
        changed |= {name: None for name in ("email", "notice") if name not in entry.channels}
        changed |= {} if "wechat" in entry.channels else {"wechat": []}
    if campaign.audience and (entry.where or entry.exclude):
        both = [f"({one})" for one in (campaign.audience.where, entry.where) if one]
        changed["audience"] = campaign.audience.model_copy(
            update={
                "where": " and ".join(both) or None,
                "exclude": [*campaign.audience.exclude, *entry.exclude],
            }
        )
    return changed


def channels_of(campaign: Campaign) -> list[Channel]:
    """The campaign's channels, e-mail first."""
    present = {
        "email": campaign.email is not None,
        "notice": campaign.notice is not None,
        "wechat": bool(campaign.wechat),
    }
    return [channel for channel in CHANNELS if present[channel]]
