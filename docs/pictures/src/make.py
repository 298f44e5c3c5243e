"""Makes the pictures of the example project again: python docs/pictures/src/make.py"""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parents[2] / "assets"
SPARE = 200  # headless Chromium leaves the last rows of its window unpainted
COVERS = ("cfp.zh", "cfp.en", "reviewers.zh", "awards.zh", "awards.en")
CERTIFICATES = ("SCIFM-007", "SCIFM-023")


def browse(profile: str, page: str, *options: str) -> None:
    """Open a page of this folder in headless Chromium."""
    command = [
        os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={profile}", *options, f"file://{HERE}/{page}",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)


def picture(profile: str, name: str, width: int, height: int, page: str, scale: int = 1) -> None:
    """Take a picture of a page."""
    path = ASSETS / name
    browse(
        profile, page, f"--screenshot={path}", f"--window-size={width},{height + SPARE}",
        f"--force-device-scale-factor={scale}",
    )  # fmt: skip
    path.write_bytes(first_rows(path.read_bytes(), height * scale))


def first_rows(png: bytes, rows: int) -> bytes:
    """A PNG cut after so many rows (no row depends on a later one)."""
    width, _, depth, colour, *rest = struct.unpack(">IIBBBBB", png[16:29])
    pixel = {0: 1, 2: 3, 4: 2, 6: 4}[colour] * depth // 8
    data, at = b"", 33
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    kept = zlib.decompress(data)[: rows * (1 + width * pixel)]
    header = struct.pack(">IIBBBBB", width, rows, depth, colour, *rest)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(kept, 9)), (b"IEND", b""))
    return png[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory() as profile:
        for cover in COVERS:
            picture(profile, f"covers/{cover}.png", 900, 383, f"cover.html?{cover}")
        for language in ("zh", "en"):
            picture(profile, f"topics.{language}.png", 1080, 620, f"topics.html?{language}")
        picture(profile, "banner.png", 600, 100, "banner.html", scale=2)
        for paper in CERTIFICATES:
            out = ASSETS / "certificates" / f"{paper}.pdf"
            browse(
                profile, f"certificate.html?{paper}", "--no-pdf-header-footer",
                f"--print-to-pdf={out}",
            )  # fmt: skip


if __name__ == "__main__":
    main()
