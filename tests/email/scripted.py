"""A small SMTP server that answers as it is told, faults included, and remembers what it heard."""

from __future__ import annotations

import contextlib
import ipaddress
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
    `implicit`, else at STARTTLS."""

    answers: Mapping[str, Sequence[Say]] = field(default_factory=dict)
    features: Sequence[str] = FEATURES
    features_after_tls: Sequence[str] | None = None
    greeting: Say = "220 scripted.example.org"
    context: ssl.SSLContext | None = None
    implicit: bool = False


@dataclass
class Heard:
    """Per connection the commands, in order; and the mails that were ended with a dot."""

    sessions: list[list[str]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    @property
    def verbs(self) -> list[list[str]]:
        """The commands' first words."""
        return [[line.split(" ")[0].upper() for line in session] for session in self.sessions]


class _Gone(Exception):
    """The conversation is over."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.heard = Heard()
        self.turns: dict[str, int] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that walk away in the middle are what the tests are about."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.sock = self.request
        script = self.server.script
        self.heard: list[str] = []
        self.server.heard.sessions.append(self.heard)
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
        if verb == "EHLO":
            self._utter(self._features())
        elif verb == "DATA":
            if self._answer(verb).startswith("354"):
                self._take_mail()
        elif verb == "STARTTLS":
            self._answer(verb)
            self._wrap()
            self.lines = self.sock.makefile("rb")
        else:
            self._answer(verb)
            if verb == "QUIT":
                raise _Gone

    def _take_mail(self) -> None:
        mail = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise _Gone
            mail += line[1:] if line.startswith(b".") else line
        self.server.heard.mails.append(mail)
        self._answer(".")

    def _features(self) -> str:
        script = self.server.script
        features = script.features
        if isinstance(self.sock, ssl.SSLSocket) and script.features_after_tls is not None:
            features = script.features_after_tls
        lines = ["scripted.example.org", *features]
        return "\r\n".join(
            f"250{'-' if index < len(lines) - 1 else ' '}{line}" for index, line in enumerate(lines)
        )

    def _answer(self, verb: str) -> str:
        answers = self.server.script.answers.get(verb) or [_DEFAULTS.get(verb, "250 fine")]
        turn = self.server.turns.get(verb, 0)
        self.server.turns[verb] = turn + 1
        return self._utter(answers[min(turn, len(answers) - 1)])

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
        assert self.server.script.context is not None
        self.sock = self.server.script.context.wrap_socket(self.sock, server_side=True)


@contextlib.contextmanager
def serving(script: Script) -> Iterator[tuple[int, Heard]]:
    """The script played on a free port of 127.0.0.1; all has been heard when this is left."""
    with _Server(script) as server:
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
