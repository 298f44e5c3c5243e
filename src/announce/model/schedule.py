"""When a campaign is sent by itself, as it is written in its file."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from announce.model.base import Noun, about
from announce.model.delivery import Channel
from announce.model.moment import Deadline, MomentError, parse_moment
from announce.model.project import Duration

Late = Literal["send", "skip", "ask"]
Moving = Literal["shift", "skip"]
# The zone of each recipient, by their column `timezone`.
AUDIENCE = "audience"
# The column with each recipient's zone.
ZONE_COLUMN = "timezone"


def unquoted(value: object) -> object:
    """A moment that stands in quotes as one that does not; any other value as it is."""
    if isinstance(value, str):
        with suppress(MomentError):
            return parse_moment(value.strip())
    return value


_Quoted = BeforeValidator(unquoted)
_At = Annotated[Deadline | date | str, _Quoted, WithJsonSchema({"type": "string"})]
_Edge = Annotated[Deadline | date | str, _Quoted, WithJsonSchema({"type": "string"})]


class Entry(Noun):
    """One line of the schedule: a moment, a cron expression, or so long before or after a fact."""

    id: str | None = about(
        "Names its occurrences, for ever: moving a date keeps it. Default: the rule, such as "
        "`submission-7d`; of a schedule with one moment `once`.",
        "场次的编号，永久不变：改日期不改编号。缺省取自规则，如 `submission-7d`；只有一个时刻时为 "
        "`once`。",
        pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$",
        default=None,
    )
    at: _At | None = about(
        "The moment, such as `2025-01-06 09:00 Asia/Shanghai`; with `before` or `after` the time "
        "of day, such as `09:00`.",
        "时刻，如 `2025-01-06 09:00 Asia/Shanghai`；与 `before`、`after` 连用时为当天的时间，如 "
        "`09:00`。",
        default=None,
    )
    cron: str | None = about(
        "Cron expression of five fields, such as `0 9 * * mon`.",
        "五段的 cron 表达式，如 `0 9 * * mon`。",
        default=None,
    )
    before: str | None = about(
        "A date of the facts, such as `deadlines.submission`; it moves with it.",
        "事实中的日期，如 `deadlines.submission`；随其变动。",
        default=None,
    )
    after: str | None = about(
        "The same, for what comes after the date.", "同上，用于日期之后。", default=None
    )
    by: Annotated[list[str], Field(min_length=1)] | str | None = about(
        "How long before or after: `14d` (days of the calendar), `2w`, `12h`, `30m`; one or "
        "several.",
        "提前或推后多久：`14d`（日历天）、`2w`、`12h`、`30m`，一个或多个。",
        default=None,
    )
    zone: str | None = about(
        "Zone of `cron`, or of the time of day: `Asia/Shanghai`, `UTC`, `AoE`; `audience`: each "
        "recipient's, from the column `timezone`. Default: the project's.",
        "`cron` 或当天时间所在的时区：`Asia/Shanghai`、`UTC`、`AoE`；`audience`：各收件人的时区，"
        "见 `timezone` 列。缺省为项目时区。",
        default=None,
    )
    start: _Edge | None = about(
        "With `cron`: not before this date, moment or fact.",
        "用于 `cron`：不早于此日期、时刻或事实。",
        default=None,
    )
    end: _Edge | None = about(
        "With `cron`: not after this date, moment or fact.",
        "用于 `cron`：不晚于此日期、时刻或事实。",
        default=None,
    )
    count: int | None = about(
        "With `cron`: so many times at most, from `start` on.",
        "用于 `cron`：自 `start` 起最多多少次。",
        ge=1,
        le=1000,
        default=None,
    )
    if_late: Late = about(
        "What becomes of it when its moment and its grace are past: `send`, `skip` or `ask`.",
        "错过时刻且超出宽限时如何处理：`send`（照发）、`skip`（跳过）或 `ask`（询问）。",
        default="skip",
    )
    grace: Duration = about(
        "How late it may be sent without a word.", "多晚之内照常发送。", default=timedelta(hours=1)
    )
    kind: str | None = about(
        "Kind: names its templates; absent: the campaign's.",
        "类别：决定所用模板；缺省同活动。",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$",
        default=None,
    )
    where: str | None = about(
        "Further condition on the audience's columns.", "对受众各列的进一步筛选条件。", default=None
    )
    exclude: list[str] = about(
        "Further files of addresses or keys that are left out: who has acted already.",
        "另需排除的地址或键的文件：已经办理的人。",
        default=[],
    )
    channels: list[Channel] | None = about(
        "Only these of the campaign's channels.", "只用活动中的这些渠道。", default=None
    )

    @property
    def lengths(self) -> list[str]:
        """The lengths of `by`, as they are written."""
        return [self.by] if isinstance(self.by, str) else list(self.by or ())

    @property
    def fact(self) -> str | None:
        """The fact that it goes by."""
        return self.before or self.after


class Quiet(Noun):
    """When nobody is to be written to by schedule."""

    hours: str | None = about(
        "Hours of the day, such as `22:00-08:00`.",
        "每天的时段，如 `22:00-08:00`。",
        default=None,
    )
    holidays: list[str] = about(
        "Regions whose public holidays are left out: `CN`, `DE`, `US`, `DE-BE`.",
        "避开这些地区的法定节假日：`CN`、`DE`、`US`、`DE-BE`。",
        default=[],
    )
    weekends: bool = about("Saturdays and Sundays too.", "也避开周六和周日。", default=False)
    zone: str | None = about(
        "Zone of the hours and days. Default: the project's.",
        "时段与日期所在的时区。缺省为项目时区。",
        default=None,
    )
    then: Moving = about(
        "What becomes of an occurrence then: `shift` (to the next moment allowed; before the "
        "deadline it goes by, else to the last one before) or `skip`.",
        "落在其中的场次如何处理：`shift`（移到之后允许的时刻；若因此错过所依据的截止日期，则移到"
        "之前最近的时刻）或 `skip`（跳过）。",
        default="shift",
    )
