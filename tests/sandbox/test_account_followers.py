"""The emulator's followers and tags."""

from __future__ import annotations

import pytest

from announce.sandbox.wechat.population import invented_openid

ONE, TWO = invented_openid(1), invented_openid(2)


def tag_id(api, name):
    return next(tag["id"] for tag in api.get("tags/get")["tags"] if tag["name"] == name)


def test_a_dozen_follow_from_the_start(service):
    """A new account has readers, with openids as long as real ones."""
    people = service.server.followers

    assert len(people) == 12
    assert {len(one.openid) for one in people} == {28}
    assert [one.tags for one in people[6:9]] == [
        ("中文", "English"),
        ("中文", "English"),
        ("English",),
    ]


def test_openids_come_in_pages_with_an_empty_end(service):
    """Ten thousand a page; after the last one `data` is missing."""
    service.server.add_followers([f"oMany{number:05}" for number in range(9_990)])

    first = service.get("user/get")
    second = service.get("user/get", next_openid=first["next_openid"])
    end = service.get("user/get", next_openid=second["next_openid"])

    assert (first["total"], first["count"], len(first["data"]["openid"])) == (
        10_002,
        10_000,
        10_000,
    )
    assert second["data"]["openid"] == ["oMany09988", "oMany09989"]
    assert end == {"total": 10_002, "count": 0, "next_openid": ""}


def test_those_who_left_are_not_listed(service):
    """Only followers count."""
    service.server.change_follower(ONE, subscribed=False)

    assert service.get("user/get")["total"] == 11


def test_little_is_told_of_a_person(service):
    """No name, no picture, no language; of one who left nothing at all."""
    service.server.change_follower(TWO, subscribed=False)
    asked = {"user_list": [{"openid": ONE, "lang": "zh_CN"}, {"openid": TWO}]}

    first, second = service.json("user/info/batchget", asked)["user_info_list"]

    assert {"nickname", "headimgurl", "sex", "language"} & set(first) == set()
    assert (first["subscribe"], first["tagid_list"]) == (1, [100])
    assert second == {"subscribe": 0, "openid": TWO}
    assert service.get("user/info", openid=ONE) == first


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"user_list": [{"openid": ONE}] * 101}, 40032),
        ({"user_list": []}, 40032),
        ({"user_list": [ONE]}, 40035),
        ({"user_list": [{"openid": "oStranger"}]}, 40003),
        ({"user_list": [{"openid": ONE, "lang": "fr"}]}, 40035),
    ],
)
def test_people_asked_about_wrongly(service, asked, code):
    """A hundred at once, known ones, in three languages."""
    assert service.json("user/info/batchget", asked)["errcode"] == code


def test_tags_are_made_renamed_and_deleted(service):
    """A new tag has a number and no followers."""
    made = service.json("tags/create", {"tag": {"name": "作者"}})["tag"]
    service.json("tags/update", {"tag": {"id": made["id"], "name": "审稿人"}})
    named = service.get("tags/get")["tags"][-1]
    service.json("tags/delete", {"tag": {"id": made["id"]}})

    assert made["id"] >= 100
    assert named == {"id": made["id"], "name": "审稿人", "count": 0}
    assert [tag["name"] for tag in service.get("tags/get")["tags"]] == ["星标组", "中文", "English"]


@pytest.mark.parametrize(
    ("path", "tag", "code"),
    [
        ("create", {"name": ""}, 45157),
        ("create", {"name": "中文"}, 45157),
        ("create", {"name": "字" * 10}, None),
        ("create", {"name": "字" * 11}, 45158),
        ("update", {"id": 2, "name": "x"}, 45058),
        ("update", {"id": 999, "name": "x"}, 45159),
        ("delete", {"id": 0}, 45058),
        ("delete", {"id": "100"}, 45159),
    ],
)
def test_tag_with_a_fault_gets_its_code(service, path, tag, code):
    """Names are thirty bytes, and the platform's own tags are not to be changed."""
    assert service.json(f"tags/{path}", {"tag": tag}).get("errcode") == code


def test_a_hundred_tags_at_most(service):
    """The platform's own counts too."""
    found = [
        service.json("tags/create", {"tag": {"name": f"t{number}"}}).get("errcode")
        for number in range(98)
    ]

    assert found == [None] * 97 + [45056]


def test_people_get_and_lose_tags(service):
    """By openid; the list of a tag follows."""
    asked = {"openid_list": [ONE, TWO], "tagid": tag_id(service, "English")}

    assert service.json("tags/members/batchtagging", asked)["errcode"] == 0
    assert service.json("tags/getidlist", {"openid": ONE}) == {"tagid_list": [100, 101]}
    listed = service.json("user/tag/get", {"tagid": asked["tagid"], "next_openid": ""})
    assert listed["data"]["openid"][:2] == [ONE, TWO]
    assert listed["count"] == 8
    service.json("tags/members/batchuntagging", asked)
    assert service.json("tags/getidlist", {"openid": ONE}) == {"tagid_list": [100]}


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ([ONE] * 51, 40032),
        ([], 40031),
        (["oStranger"], 49003),
        (["oStranger", ONE], 45171),
    ],
)
def test_tagging_refuses(service, people, code):
    """Fifty at once; strangers among them are named, and the others are tagged."""
    english = tag_id(service, "English")

    answer = service.json("tags/members/batchtagging", {"openid_list": people, "tagid": english})

    assert answer["errcode"] == code
    assert answer.get("fail_openid_list") == (["oStranger"] if code == 45171 else None)
    has = service.json("tags/getidlist", {"openid": ONE})["tagid_list"]
    assert (english in has) is (code == 45171)


def test_twenty_tags_a_person(service):
    """The twenty-first is refused."""
    for number in range(19):
        service.server.add_follower(ONE, tags=[f"t{number}"])
    full = {"openid_list": [ONE], "tagid": tag_id(service, "English")}

    assert service.json("tags/members/batchtagging", full)["errcode"] == 45059


def test_followers_need_verification(api):
    """Unverified accounts have no list."""
    assert api.get("user/get")["errcode"] == 48001
    assert api.get("tags/get")["errcode"] == 48001
