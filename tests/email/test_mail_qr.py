"""A QR picture in a mail: sent along once, shown by its Content-ID."""

from __future__ import annotations

from pathlib import Path

from announce.channels.email.enclosures import Enclosures, Faults
from announce.model.campaign import Campaign
from announce.model.project import Project, Settings
from announce.problems import Place
from announce.rendering.qr import qr_name, qr_png
from announce.rendering.words import Filled, Fragment, Half

URL = "https://example.org/submit"
SENDER = {"name": "Chairs", "address": "chairs@example.org"}
CAMPAIGN = {
    "campaign": "cfp", "kind": "cfp", "title": "CFP", "email": {},
    "audience": {"file": "audiences/a.csv"},
}  # fmt: skip


def test_qr_picture_is_sent_along_once(tmp_path: Path) -> None:
    """Both halves of a bilingual mail show the same one."""
    settings = Settings.model_validate({"name": "Workshop", "sender": SENDER})
    enclosures = Enclosures(
        Project(root=tmp_path, settings=settings), Campaign.model_validate(CAMPAIGN)
    )
    body = Filled(Fragment("", "", "", "", (qr_name(URL),)), ())
    faults = Faults(Place(file="audiences/a.csv", line=2))
    addresses, (picture,) = enclosures.pictures(
        [Half(language="zh", body=body), Half(language="en", body=body)], "example.org", faults
    )

    shown = {qr_name(URL): f"cid:{picture.cid}"}
    assert addresses == {"zh": shown, "en": shown}
    assert (picture.media_type, picture.data) == ("image/png", qr_png(URL))
    assert picture.cid.endswith("@example.org")
    assert faults.problems == []
