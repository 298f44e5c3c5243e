"""Articles for accounts that may do nothing by API: a page on this machine to copy from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from announce.model.delivery import DeliveryKey
from announce.model.message import Article

# Writes the page of an article and tells where it is.
Paste = Callable[[Article, DeliveryKey], str]


class PasteFolder:
    """A folder with a page for each article, made anew each time.

    `pages` makes the files of a page by name, `index.html` among them.
    """

    def __init__(self, folder: Path, pages: Callable[[Article], Mapping[str, bytes]]) -> None:
        self._folder = folder
        self._pages = pages

    def __call__(self, article: Article, key: DeliveryKey) -> str:
        """Write the page; the path of its index.html. OSError where it cannot be written."""
        place = self._folder / key.campaign / key.occurrence / key.recipient.replace(":", "-")
        place.mkdir(parents=True, exist_ok=True)
        for name, data in self._pages(article).items():
            (place / name).write_bytes(data)
        return str(place / "index.html")
