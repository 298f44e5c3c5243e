"""The endpoints of an official account, each a method that gives what its caller needs.

https://developers.weixin.qq.com/doc/subscription/api/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from announce.channels.wechat import failures
from announce.channels.wechat.client import Client
from announce.channels.wechat.failures import ApiFailure

# The most that a list gives at once.
PAGE = 20
# A mass message that was asked for before: the answer names the first job.
REPEATED = 45065
# The administrator is asked to confirm; the job exists all the same.
AWAITS_ADMIN = frozenset({89504, 89505})


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How a publication stands. `status` is 0 done, 1 under way, 2 and more refused; `urls` are
    the articles' permanent addresses, `failed` the numbers (from 1) of those refused."""

    status: int
    article_id: str = ""
    urls: tuple[str, ...] = ()
    failed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MassJob:
    """A mass message taken in: `awaits_admin` until the administrator has said yes."""

    msg_id: str
    awaits_admin: bool = False


class OfficialAccount(Client):
    """The calls of one account; see `Client` for tokens and failures."""

    # Pictures

    def upload_cover(self, name: str, media_type: str, data: bytes) -> str:
        """Keep a picture in the account's library; its media_id."""
        answer = self.post(
            "material/add_material",
            params={"type": "image"},
            files={"media": (name, data, media_type)},
        )
        return _wanted(answer, "media_id")

    def upload_picture(self, name: str, media_type: str, data: bytes) -> str:
        """Upload a picture for an article's body; its address."""
        answer = self.post("media/uploadimg", files={"media": (name, data, media_type)})
        return _wanted(answer, "url")

    # Drafts

    def add_draft(self, articles: Sequence[Mapping[str, Any]]) -> str:
        """Make a draft; its media_id. The platform does not notice repeats."""
        payload = {"articles": [dict(article) for article in articles]}
        return _wanted(self.post("draft/add", data=payload), "media_id")

    def update_draft(self, media_id: str, index: int, article: Mapping[str, Any]) -> None:
        """Put an article in the place of one of a draft's, the first being 0."""
        payload = {"media_id": media_id, "index": index, "articles": dict(article)}
        self.post("draft/update", data=payload)

    def get_draft(self, media_id: str) -> list[dict[str, Any]]:
        """The articles of a draft."""
        return _wanted_list(self.post("draft/get", data={"media_id": media_id}), "news_item")

    def delete_draft(self, media_id: str) -> None:
        """Take a draft away for good."""
        self.post("draft/delete", data={"media_id": media_id})

    def count_drafts(self) -> int:
        """How many drafts there are."""
        return _count(self.get("draft/count"))

    def list_drafts(self, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """How many drafts there are, and a page of them with their content."""
        return self._page("draft/batchget", offset)

    # Publications

    def submit(self, media_id: str) -> str:
        """Ask for a draft to be published; the publish_id. That is only the beginning of it."""
        answer = self.post("freepublish/submit", data={"media_id": media_id})
        return _as_text(answer, "publish_id")

    def publication(self, publish_id: str) -> Publication:
        """How a publication stands."""
        answer = self.post("freepublish/get", data={"publish_id": publish_id})
        status = answer.get("publish_status")
        if type(status) is not int:
            raise failures.lost('HTTP 200, no "publish_status"')
        detail = answer.get("article_detail")
        items = _dicts(detail.get("item")) if isinstance(detail, dict) else []
        return Publication(
            status=status,
            article_id=str(answer.get("article_id") or ""),
            urls=tuple(str(item.get("article_url", "")) for item in items),
            failed=_numbers(answer.get("fail_idx")),
        )

    def list_published(self, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """As `list_drafts`, for what was published; many accounts may not (48001)."""
        return self._page("freepublish/batchget", offset)

    def get_published(self, article_id: str) -> list[dict[str, Any]]:
        """The articles of a publication; `is_deleted` tells those taken away since."""
        answer = self.post("freepublish/getarticle", data={"article_id": article_id})
        return _wanted_list(answer, "news_item")

    def delete_publication(self, article_id: str) -> None:
        """Take all articles of a publication away for good."""
        # Without an index, and with index 0, all of them go.
        self.post("freepublish/delete", data={"article_id": article_id})

    # Mass messages

    def send_mass(self, media_id: str, client_id: str, tag: int | None = None) -> MassJob:
        """Send a draft to all followers, or those with a tag. The same `client_id` (at most 32
        bytes) within a day is the same job, and answered as if it were the first time."""
        payload = {
            "filter": {"is_to_all": True} if tag is None else {"is_to_all": False, "tag_id": tag},
            "msgtype": "mpnews",
            "mpnews": {"media_id": media_id},
            "send_ignore_reprint": 0,
            "clientmsgid": client_id,
        }
        try:
            answer = self.post("message/mass/sendall", data=payload)
        except ApiFailure as failure:
            if failure.code == REPEATED and "msg_id" in failure.answer:
                return MassJob(msg_id=str(failure.answer["msg_id"]))
            if failure.code in AWAITS_ADMIN:
                return MassJob(msg_id=str(failure.answer.get("msg_id", "")), awaits_admin=True)
            raise
        return MassJob(msg_id=_as_text(answer, "msg_id"))

    def mass_status(self, msg_id: str) -> str:
        """SENDING, SEND_SUCCESS, SEND_FAIL or DELETE."""
        answer = self.post("message/mass/get", data={"msg_id": msg_id})
        return _wanted(answer, "msg_status")

    def delete_mass(self, msg_id: str) -> None:
        """Take the articles of a mass message away; the cards that followers have stay."""
        self.post("message/mass/delete", data={"msg_id": int(msg_id), "article_idx": 0})

    def preview_mass(self, media_id: str, weixin_name: str) -> None:
        """Show a draft to one reader, a hundred times a day."""
        payload = {
            "towxname": weixin_name,
            "msgtype": "mpnews",
            "mpnews": {"media_id": media_id},
        }
        self.post("message/mass/preview", data=payload)

    def tags(self) -> dict[str, int]:
        """The tags of followers: id by name."""
        tags = _wanted_list(self.get("tags/get"), "tags")
        known = {str(tag.get("name", "")): tag.get("id") for tag in tags}
        return {name: number for name, number in known.items() if type(number) is int}

    # One person's matters

    def templates(self) -> list[dict[str, Any]]:
        """The template messages that the account may send, with their `content`."""
        return _wanted_list(self.get("template/get_all_private_template"), "template_list")

    def send_template(self, payload: Mapping[str, Any]) -> str:
        """Send a template message; its msgid. With `client_msg_id` a repeat within ten minutes
        is the same one."""
        return _as_text(self.post("message/template/send", data=dict(payload)), "msgid")

    def send_subscribed(self, payload: Mapping[str, Any]) -> None:
        """Send a notice that its reader has subscribed to; each subscription is good for one."""
        self.post("message/subscribe/bizsend", data=dict(payload))

    # The account

    def quota(self, endpoint: str) -> Mapping[str, Any]:
        """What is left of an endpoint's day, as the platform counts: daily_limit, used, remain."""
        answer = self.post("openapi/quota/get", data={"cgi_path": f"/cgi-bin/{endpoint}"})
        found = answer.get("quota")
        return found if isinstance(found, dict) else {}

    def _page(self, endpoint: str, offset: int) -> tuple[int, list[dict[str, Any]]]:
        answer = self.post(endpoint, data={"offset": offset, "count": PAGE, "no_content": 0})
        return _count(answer), _wanted_list(answer, "item")


def _count(answer: Mapping[str, Any]) -> int:
    total = answer.get("total_count")
    if type(total) is not int:
        raise failures.lost('HTTP 200, no "total_count"')
    return total


def _wanted(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if isinstance(value, str) and value:
        return value
    raise failures.lost(f'HTTP 200, no "{name}"')


def _as_text(answer: Mapping[str, Any], name: str) -> str:
    """An id, which some answers have as a number."""
    value = answer.get(name)
    if isinstance(value, str | int) and str(value):
        return str(value)
    raise failures.lost(f'HTTP 200, no "{name}"')


def _wanted_list(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = answer.get(name)
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise failures.lost(f'HTTP 200, no "{name}"')


def _dicts(value: object) -> list[dict[str, Any]]:
    """What is written down as told, where it is told as documented."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _numbers(value: object) -> tuple[int, ...]:
    """Some answers have one number in place of a list of them."""
    several = value if isinstance(value, list) else [value]
    return tuple(item for item in several if type(item) is int)
