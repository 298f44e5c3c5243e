"""Previews of the example campaigns, and a browser to look at them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from preview_support import NOW

from announce.gathering import open_campaign
from announce.showing import write_preview
from chromium import Tab, browsing, executable

# In one process with the page, so that what a message's frame asks for is seen too.
TOGETHER = "--disable-features=IsolateSandboxedIframes"


class Page:
    """A page in a browser, and the few things a test does with it."""

    def __init__(self, tab: Tab, address: str) -> None:
        self.tab = tab
        tab.open(address)

    def run(self, script: str) -> Any:
        return self.tab.run(script)

    def until(self, script: str) -> Any:
        """What a script comes to as soon as it is something; a page may be loading meanwhile."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                # An element comes as an empty mapping.
                if (value := self.tab.run(script)) not in (None, False, "", 0):
                    return value
            except AssertionError:  # asked of a page that was just left
                pass
            time.sleep(0.05)
        raise AssertionError(f"never came about: {script}")

    def press(self, key: str) -> None:
        self.run(
            "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown',"
            f" {{key: {json.dumps(key)}, bubbles: true, cancelable: true}}))"
        )

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, name: str, value: str) -> None:
        self.run(
            f"(() => {{ const one = document.getElementById('filter-{name}');"
            f" one.value = {json.dumps(value)}; one.dispatchEvent(new Event('change')); }})()"
        )

    def search(self, text: str) -> None:
        self.run(
            "(() => { const one = document.getElementById('search');"
            f" one.value = {json.dumps(text)}; one.dispatchEvent(new Event('input')); }})()"
        )

    @property
    def count(self) -> str:
        return str(self.run("document.getElementById('count').textContent"))

    @property
    def subject(self) -> str:
        return str(self.run("document.querySelector('#viewer h3')?.textContent ?? ''"))

    def complaints(self) -> list[str]:
        """What the browser logged, and scripts that failed."""
        self.run("new Promise((resolve) => setTimeout(resolve, 300))")
        return [
            json.dumps(event["params"])
            for event in self.tab.events
            if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
            or (
                event["method"] == "Runtime.consoleAPICalled"
                and event["params"]["type"] in ("error", "warning")
            )
        ]

    def asked(self) -> list[str]:
        """The address of every request that was not kept back by the page's own policy."""
        kept = {
            event["params"]["requestId"]
            for event in self.tab.events
            if event["method"] == "Network.loadingFailed"
            and event["params"].get("blockedReason") == "csp"
        }
        return [
            event["params"]["request"]["url"]
            for event in self.tab.events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["requestId"] not in kept
        ]


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Opens an address in a browser of its own."""
    program = executable()
    if program is None:
        pytest.skip("no Chromium found (chromium, chromium-browser or google-chrome)")
    with browsing(program, tmp_path / "profile", TOGETHER) as tab:
        yield lambda address: Page(tab, address)


@pytest.fixture(scope="session")
def written(
    tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Path]
) -> Callable[[str], Path]:
    """The folder of a campaign's preview, written once for all tests that only look."""
    project = copy_project(tmp_path_factory.mktemp("written") / "project")
    known: dict[str, Path] = {}

    def write(campaign: str) -> Path:
        if campaign not in known:
            opened = open_campaign(str(project), str(project / "campaigns" / f"{campaign}.yaml"))
            known[campaign] = project / "out" / campaign
            write_preview(opened, known[campaign], NOW)
        return known[campaign]

    return write
