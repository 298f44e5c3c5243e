"""An SMTP server in a process of its own that remembers what it took, and answers late at will.

Prints the ports of its two doors, mail and control, and lives until its standard input ends.
An order on the control door is a line of JSON, `{"do": "mails"}`; so is the answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
from typing import Any

FEATURES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 50000000")
LIMIT = 1 << 26
ADDRESS = re.compile(r"<([^>]*)>")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)


class Ear(asyncio.StreamReader):
    """A reader that knows at once that the client has gone, whatever is still to be read."""

    gone = False

    def feed_eof(self) -> None:
        self.gone = True
        super().feed_eof()


class Sink:
    """What was taken, and in which manner answers are given."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []  # recipient, Message-ID
        # Recipients of mails that came whole and are not answered, with the ports of the clients.
        self.withheld: dict[str, int] = {}
        self.released: set[int] = set()  # ports of clients that are answered all the same
        self.conversations = 0
        self.moved = asyncio.Condition()
        self.holds = False
        self.forgets = 0.5  # this share of the late mails is taken only when it is answered
        self.late = 0.0  # up to so many seconds for any answer
        self.long_share = 0.0  # this share of the final dots is answered later still:
        self.long = 0.0  # up to so many seconds
        self.random = random.Random()

    # -- control ---------------------------------------------------------------------------

    async def obey(self, ear: asyncio.StreamReader, mouth: asyncio.StreamWriter) -> None:
        """One order, one answer."""
        order = json.loads(await ear.readline())
        answer = await getattr(self, f"do_{order.pop('do')}")(**order)
        mouth.write(json.dumps(answer).encode() + b"\n")
        mouth.close()

    async def do_mails(self) -> list[tuple[str, str]]:
        """Everything that was taken."""
        return self.mails

    async def do_until(self, mails: int) -> None:
        """Answer when so many have been taken."""
        await self._until(lambda: len(self.mails) >= mails)

    async def do_quiet(self) -> None:
        """Answer when no client is there, nor anything of one that is still to be read."""
        await self._until(lambda: not self.conversations)

    async def do_slow(self, late: float, share: float, long: float, seed: int) -> None:
        """Be slow at random from now on."""
        self.late, self.long_share, self.long = late, share, long
        self.random.seed(seed)

    async def do_hold(self, forgetting: bool = False) -> None:
        """Answer no mail from now on; forget those of clients that go, or take them all."""
        self.holds, self.forgets = True, float(forgetting)

    async def do_withheld(self, mails: int) -> dict[str, int]:
        """Answer when so many have come and are not answered: with recipients and ports."""
        await self._until(lambda: len(self.withheld) >= mails)
        return self.withheld

    async def do_release(self, ports: list[int] | None = None) -> None:
        """Answer those, and be quick again; or only those of these clients."""
        self.holds = ports is not None
        self.released = set(ports or [])
        await self._tell()

    async def _until(self, is_so: Any) -> None:
        async with self.moved:
            await self.moved.wait_for(is_so)

    async def _tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    # -- mail ------------------------------------------------------------------------------

    async def serve(self, ear: Ear, mouth: asyncio.StreamWriter) -> None:
        """A client, until it says goodbye or is gone."""
        self.conversations += 1
        try:
            await self._converse(ear, mouth)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # killed in the middle of something: what had no final dot was not taken
        finally:
            mouth.close()
            self.conversations -= 1
            await self._tell()

    async def _converse(self, ear: Ear, mouth: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        mouth.write(b"220 sink.example.org\r\n")
        while True:
            line = (await ear.readuntil(b"\r\n")).rstrip()
            verb = line[:4].upper()
            answer = "250 2.0.0 fine"
            if verb == b"EHLO":
                lines = ["sink.example.org", *FEATURES]
                answer = "\r\n".join(f"250-{one}" for one in lines[:-1]) + f"\r\n250 {lines[-1]}"
            elif verb in (b"MAIL", b"RSET"):
                recipients = []
            elif verb == b"RCPT":
                recipients += ADDRESS.findall(line.decode())
            elif verb == b"DATA":
                await self._say(mouth, "354 go on")
                await self._take(ear, recipients, mouth.get_extra_info("peername")[1])
                answer = "250 2.0.0 taken"
            elif verb == b"QUIT":
                answer = "221 2.0.0 goodbye"
            await self._say(mouth, answer)
            if verb == b"QUIT":
                return

    async def _take(self, ear: Ear, recipients: list[str], port: int) -> None:
        """A mail up to its final dot; returns when it is to be answered.

        A server that answers late may have taken the mail before, or may forget that of a client
        that has gone: both are allowed, and here chance decides.
        """
        mail = b""
        while not (mail == b".\r\n" or mail.endswith(b"\r\n.\r\n")):
            mail += await ear.readuntil(b".\r\n")
        named = MESSAGE_ID.search(mail.partition(b"\r\n\r\n")[0])
        message_id = named[1].decode() if named else ""
        is_late = self.holds or self.random.random() < self.long_share
        forgets = is_late and self.random.random() < self.forgets
        if not forgets:
            self.mails += [(one, message_id) for one in recipients]
        if is_late:
            await self._wait(recipients, port)
        if forgets:
            if ear.gone:
                raise ConnectionResetError
            self.mails += [(one, message_id) for one in recipients]
        await self._tell()

    async def _wait(self, recipients: list[str], port: int) -> None:
        self.withheld |= dict.fromkeys(recipients, port)
        await self._tell()
        if self.holds:
            await self._until(lambda: not self.holds or port in self.released)
        else:
            await asyncio.sleep(self.random.uniform(0, self.long))
        for one in recipients:
            del self.withheld[one]

    async def _say(self, mouth: asyncio.StreamWriter, answer: str) -> None:
        if self.late and self.random.random() < 0.5:
            await asyncio.sleep(self.random.uniform(0, self.late))
        mouth.write(answer.encode() + b"\r\n")
        await mouth.drain()


async def main() -> None:
    """Serve until nobody is there any more to give orders."""
    sink, loop = Sink(), asyncio.get_running_loop()

    def answering() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(Ear(LIMIT), sink.serve)

    mail = await loop.create_server(answering, "127.0.0.1", 0)
    control = await asyncio.start_server(sink.obey, "127.0.0.1", 0)
    print(*(one.sockets[0].getsockname()[1] for one in (mail, control)), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)  # clients that were killed have left half conversations: nothing to tidy


if __name__ == "__main__":
    asyncio.run(main())
