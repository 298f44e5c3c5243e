"""A small SMTP server that answers as it is told, faults included, and remembers what it heard."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FEATURES = ("SIZE 10000000", "8BITMIME", "SMTPUTF8")


class Fault(Enum):
    """What a server does instead of answering."""

    DROP = "close the connection"
    SILENCE = "say nothing until the client goes"


Say = str | Fault

_DEFAULTS: dict[str, Say] = {
    "MAIL": "250 2.1.0 sender fine",
    "RCPT": "250 2.1.5 recipient fine",
    "DATA": "354 go on",
    ".": "250 2.0.0 queued as 4711",
    "AUTH": "235 2.7.0 welcome",
    "RSET": "250 2.0.0 forgotten",
    "QUIT": "221 2.0.0 goodbye",
    "STARTTLS": "220 2.0.0 go on",
}


@dataclass
class Script:
    """What to say: `answers` maps a verb ("." is the end of a mail) to its successive answers,
    of which the last stays; verbs not named are accepted. `context` wraps at once where
    `implicit`, else at STARTTLS.

    A `strict` server minds the order of commands. `in_body` are successive interruptions of
    bodies, each after `after` octets of its body: a fault, or words said before closing; None
    lets the body through, which is what follows the last. `holds` says how many answers to a
    verb are given only when another command has come."""

    answers: Mapping[str, Sequence[Say]] = field(default_factory=dict)
    features: Sequence[str] = FEATURES
    features_after_tls: Sequence[str] | None = None
    greeting: Say = "220 scripted.example.org"
    context: ssl.SSLContext | None = None
    implicit: bool = False
    strict: bool = False
    in_body: Sequence[Say | None] = ()
    after: int = 50
    holds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """A mail that was ended with a dot: to whom, its octets, and what was said to it. A server
    that said nothing may have kept it all the same."""

    to: tuple[str, ...]
    mail: bytes
    answer: Say

    @property
    def kept(self) -> bool:
        """Whether the server has it, for all that anybody knows."""
        return not (isinstance(self.answer, str) and self.answer[:1] in ("4", "5"))


@dataclass
class Heard:
    """Per connection the commands, in order; the mails that were ended with a dot, and what had
    come of the body where the client went before that."""

    sessions: list[list[str]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    cut: list[bytes] = field(default_factory=list)

    @property
    def mails(self) -> list[bytes]:
        """The octets of all that was taken."""
        return [taken.mail for taken in self.taken]

    @property
    def verbs(self) -> list[list[str]]:
        """The commands' first words."""
        return [[line.split(" ")[0].upper() for line in session] for session in self.sessions]


class _Gone(Exception):
    """The conversation is over."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 64

    def __init__(self, scripts: Sequence[Script]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts = scripts
        self.heard = Heard()
        self.turns: dict[tuple[int, str], int] = {}
        self.lock = threading.Lock()

    def server_bind(self) -> None:
        """A large mail is not to vanish in the system's buffers at once."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that walk away in the middle are what the tests are about."""

    def turn(self, script: Script, verb: str) -> int:
        """How often this was asked before."""
        with self.lock:
            turn = self.turns.get((id(script), verb), 0)
            self.turns[id(script), verb] = turn + 1
            return turn


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.sock = self.request
        # Answers to a group are sent one by one: none is to wait for the client's machine.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard: list[str] = []
        with self.server.lock:
            number = len(self.server.heard.sessions)
            self.server.heard.sessions.append(self.heard)
        script = self.script = self.server.scripts[min(number, len(self.server.scripts) - 1)]
        self.begun, self.to = False, list[str]()
        with contextlib.suppress(_Gone, OSError):
            if script.implicit:
                self._wrap()
            self._utter(script.greeting)
            self.lines = self.sock.makefile("rb")
            while True:
                self._turn(self._line())

    def finish(self) -> None:
        self.sock.close()

    def _turn(self, command: str) -> None:
        self.heard.append(command)
        verb = command.split(" ")[0].split(":")[0].upper()
        if verb == "EHLO" and verb not in self.script.answers:
            self._utter(self._features())
        elif verb == "DATA":
            if self._answer(verb).startswith("354"):
                self._take_mail()
        elif verb == "STARTTLS":
            if self._answer(verb).startswith("2"):
                self._wrap()
                self.lines = self.sock.makefile("rb")
        else:
            accepted = self._answer(verb).startswith("2")
            if verb == "QUIT":
                raise _Gone
            if verb in ("MAIL", "RSET"):
                self.begun, self.to = accepted and verb == "MAIL", []
            elif verb == "RCPT" and accepted:
                self.to.append(command.partition("<")[2].partition(">")[0])

    def _take_mail(self) -> None:
        interruption = self._interruption()
        mail = bytearray()
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                self.server.heard.cut.append(bytes(mail))
                raise _Gone
            mail += line[1:] if line.startswith(b".") else line
            if interruption is not None and len(mail) >= self.script.after:
                self._utter(interruption)
                raise _Gone
        answer = self._next_answer(".")
        self.server.heard.taken.append(Taken(tuple(self.to), bytes(mail), answer))
        self.begun, self.to = False, []
        self._hold(".")
        self._utter(answer)

    def _interruption(self) -> Say | None:
        turn = self.server.turn(self.script, "in the body")
        return self.script.in_body[turn] if turn < len(self.script.in_body) else None

    def _features(self) -> str:
        script = self.script
        features = script.features
        if isinstance(self.sock, ssl.SSLSocket) and script.features_after_tls is not None:
            features = script.features_after_tls
        lines = ["scripted.example.org", *features]
        return "\r\n".join(
            f"250{'-' if index < len(lines) - 1 else ' '}{line}" for index, line in enumerate(lines)
        )

    def _answer(self, verb: str) -> str:
        answer = self._next_answer(verb)
        self._hold(verb)
        return self._utter(answer)

    def _next_answer(self, verb: str) -> Say:
        if self.script.strict:
            if verb == "MAIL" and self.begun:
                return "503 5.5.1 nested MAIL command"
            if verb == "RCPT" and not self.begun:
                return "503 5.5.1 need MAIL command"
            if verb == "DATA" and not self.to:
                return "554 5.5.1 no valid recipients"
        answers = self.script.answers.get(verb) or [_DEFAULTS.get(verb, "250 fine")]
        return answers[min(self.server.turn(self.script, verb), len(answers) - 1)]

    def _hold(self, verb: str) -> None:
        if verb in self.script.holds:
            held = self.server.turn(self.script, f"hold {verb}")
            if held < self.script.holds[verb] and not self.lines.peek(1):
                raise _Gone

    def _utter(self, words: Say) -> str:
        if words is Fault.DROP:
            raise _Gone
        if words is Fault.SILENCE:
            while self.sock.recv(4096):
                pass
            raise _Gone
        assert isinstance(words, str)
        self.sock.sendall(words.encode("utf-8", "surrogateescape") + b"\r\n")
        return words

    def _line(self) -> str:
        line = self.lines.readline()
        if not line:
            raise _Gone
        return line.decode().rstrip("\r\n")

    def _wrap(self) -> None:
        assert self.script.context is not None
        self.sock = self.script.context.wrap_socket(self.sock, server_side=True)


@contextlib.contextmanager
def serving(*scripts: Script) -> Iterator[tuple[int, Heard]]:
    """The scripts played on a free port of 127.0.0.1, one for each connection, of which the last
    stays; all has been heard when this is left."""
    with _Server(scripts) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], server.heard
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the tests' own; `path` is its certificate."""

    path: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A fresh one, its certificate written into the folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Test authority")
        builder = _builder(name, name, key.public_key(), days=1).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        certificate = _with_usage(builder, signs=True).sign(key, hashes.SHA256())
        path = folder / "authority.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(path, key, certificate)

    def context(self, folder: Path, *, host: str = "127.0.0.1", days: int = 1) -> ssl.SSLContext:
        """A server's context with a certificate of this authority; negative days: expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(host), self.certificate.subject, key.public_key(), days=days)
        builder = builder.add_extension(_alternative_name(host), critical=False)
        builder = _with_usage(builder, signs=False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
            critical=False,
        )
        return _server_context(folder, key, builder.sign(self.key, hashes.SHA256()))


def self_signed_context(folder: Path, *, host: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's context with a certificate that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(host)
    builder = _builder(name, name, key.public_key(), days=1)
    builder = builder.add_extension(_alternative_name(host), critical=False)
    return _server_context(folder, key, builder.sign(key, hashes.SHA256()))


def _server_context(
    folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _with_usage(builder: x509.CertificateBuilder, *, signs: bool) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=signs,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = builder.add_extension(usage, critical=True)
    if signs:
        return builder
    return builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative_name(host: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host)])
