"""Uploads to the emulator."""

from __future__ import annotations

import pytest

from announce.sandbox.wechat import Account

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
GIF = b"GIF89a"
WEBP = b"RIFF\0\0\0\0WEBP"
MIB = 1024 * 1024


def test_body_picture_gets_an_address_of_its_own(api):
    """The same picture twice has two addresses, on the platform's host."""
    urls = [api.upload("media/uploadimg", PNG + b"x")["url"] for _ in range(2)]

    assert urls[0] != urls[1]
    assert all(url.startswith("http://mmbiz.qpic.cn/mmbiz_png/") for url in urls)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PNG.ljust(MIB - 1), None),
        (JPEG.ljust(100), None),
        (PNG.ljust(MIB), 40009),
        (GIF.ljust(100), 40005),
        (WEBP.ljust(100), 40005),
    ],
    ids=["png", "jpeg", "one-mebibyte", "gif", "webp"],
)
def test_body_picture_limits(api, data, code):
    """Pictures of a body are PNG or JPEG by their first bytes, below 1 MB."""
    assert api.upload("media/uploadimg", data, name="x.png").get("errcode") == code


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", GIF.ljust(100), None),
        ("image", PNG.ljust(10 * MIB), None),
        ("image", PNG.ljust(10 * MIB + 1), 40009),
        ("image", WEBP.ljust(100), 40137),
        ("thumb", JPEG.ljust(64 * 1024), None),
        ("thumb", JPEG.ljust(64 * 1024 + 1), 40012),
        ("thumb", PNG.ljust(100), 40005),
        ("voice", b"x" * (2 * MIB + 1), 40010),
        ("video", b"x", 40035),
        ("poem", b"x", 40004),
    ],
)
def test_material_limits(api, kind, data, code):
    """Each kind of material has its own size, formats and codes."""
    assert api.upload("material/add_material", data, type=kind).get("errcode") == code


def test_material_comes_back_byte_for_byte(api):
    """Line ends and boundaries inside a picture do not matter."""
    data = PNG + bytes(range(256)) + b"\r\n--\r\r\n"
    media_id = api.upload("material/add_material", data, type="image")["media_id"]

    answer = api.send("material/get_material", f'{{"media_id":"{media_id}"}}'.encode())

    assert (len(media_id), answer.content) == (64, data)


def test_material_list_is_newest_first(api):
    """Listing pages through one kind and tells the total."""
    ids = [api.cover() for _ in range(3)]

    page = api.json("material/batchget_material", {"type": "image", "offset": 1, "count": 1})

    assert [item["media_id"] for item in page["item"]] == [ids[1]]
    assert (page["total_count"], page["item_count"]) == (3, 1)


def test_material_count_is_by_kind(api):
    """Pictures of bodies and temporary ones are not counted."""
    api.cover()
    api.upload("media/uploadimg", PNG)
    api.upload("media/upload", PNG, type="image")

    assert api.get("material/get_materialcount") == {
        "voice_count": 0,
        "video_count": 0,
        "image_count": 1,
        "news_count": 0,
    }


def test_deleted_material_is_gone(api):
    """Deleting is final, and a second time is an error."""
    media_id = api.cover()

    answers = [api.json("material/del_material", {"media_id": media_id}) for _ in range(2)]

    assert [answer["errcode"] for answer in answers] == [0, 40007]
    assert api.add(thumb_media_id=media_id)["errcode"] == 40007


def test_temporary_material_is_no_cover(api):
    """A cover must be kept for good."""
    media_id = api.upload("media/upload", PNG, type="image")["media_id"]

    assert api.add(thumb_media_id=media_id)["errcode"] == 40007


def test_material_of_another_account_is_no_cover(account):
    """Ids are bound to the account, whatever folder they share."""
    mine = account()
    other = account(account=Account(app_id="wxother", app_secret="x"))
    mine.login()
    other.login()

    assert mine.add(thumb_media_id=other.cover())["errcode"] == 40007
