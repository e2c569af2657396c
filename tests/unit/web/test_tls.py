"""The APIs speak TLS 1.3 and nothing else; certificates change under them; clients believe the very one."""

from __future__ import annotations

import http.client
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recolake.errors import InvalidInputError
from recolake.platform import probes
from recolake.platform.service import Context
from recolake.platform.services import BY_NAME
from recolake.settings import Settings, load_settings
from recolake.web.tls import CertificateError, Renewal, client_context, server_context

Key = ec.EllipticCurvePrivateKey
NONE = serialization.NoEncryption()


def make(name: str, issuer: tuple[x509.Certificate, Key] | None = None) -> tuple[x509.Certificate, Key]:
    """A certificate of a name, by an issuer or by itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return made, key


def pem(made: tuple[x509.Certificate, Key]) -> tuple[bytes, bytes]:
    key = made[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NONE)
    return made[0].public_bytes(serialization.Encoding.PEM), key


def write(folder: Path, made: tuple[x509.Certificate, Key]) -> dict[str, Path]:
    """Settings by which the APIs use it."""
    found = {"tls_certificate": folder / "tls.pem", "tls_key": folder / "tls.key"}
    for path, content in zip(found.values(), pem(made), strict=True):
        path.with_suffix(".new").write_bytes(content)
        path.with_suffix(".new").replace(path)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, **write(tmp_path, make("api.example.com")))


def shake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """A handshake of both over memory; the client's side of it."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(up, down, server_side=True),
        client.wrap_bio(down, up, server_hostname="127.0.0.1"),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    ends[0].write(b"!")
    assert ends[1].read(1) == b"!"
    return ends[1]


def client(settings: Settings) -> ssl.SSLContext:
    found = client_context(settings, "https://127.0.0.1:8001")
    assert found is not None
    return found


def test_a_client_of_the_platform_believes_the_very_certificate(settings: Settings, tmp_path: Path) -> None:
    assert shake(server_context(settings), client(settings)).version() == "TLSv1.3"
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(server_context(Settings(home=other, **write(other, make("api.example.com")))), client(settings))


def test_one_that_an_authority_issued_is_believed_too(tmp_path: Path) -> None:
    issued = Settings(home=tmp_path, **write(tmp_path, make("api.example.com", make("authority"))))
    assert shake(server_context(issued), client(issued)).version() == "TLSv1.3"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "https://api.example.com"])
def test_elsewhere_the_systems_authorities_count(settings: Settings, url: str) -> None:
    assert client_context(settings, url) is None


def test_who_has_no_certificate_of_the_client_authority_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    authority = make("clients")
    ca, mine = tmp_path / "ca.pem", tmp_path / "probe.pem"
    ca.write_bytes(pem(authority)[0])
    mine.write_bytes(b"".join(pem(make("probe", authority))))
    asked = settings.model_copy(update={"tls_client_ca": ca, "tls_client_certificate": mine})
    shake(server_context(asked), client(asked))
    with pytest.raises(ssl.SSLError):
        shake(server_context(asked), client(settings))


def test_new_connections_get_the_new_certificate(settings: Settings, tmp_path: Path) -> None:
    server = server_context(settings)
    renewal = Renewal(settings, server)
    assert not renewal.look()
    write(tmp_path, make("renewed"))
    assert renewal.look()
    shake(server, client(settings))


def test_half_of_a_new_pair_changes_nothing_until_the_other_half_is_there(
    settings: Settings, tmp_path: Path
) -> None:
    server, before = server_context(settings), client(settings)
    renewal, renewed = Renewal(settings, server), make("renewed")
    (tmp_path / "tls.pem").write_bytes(pem(renewed)[0])
    assert not renewal.look()
    shake(server, before)
    (tmp_path / "tls.key").write_bytes(pem(renewed)[1])
    assert renewal.look()
    shake(server, client(settings))


def test_what_cannot_be_used_is_named_with_its_setting(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "tls.key").write_bytes(pem(make("another"))[1])
    with pytest.raises(CertificateError, match=r"tls\.pem") as caught:
        server_context(settings)
    assert "RECOLAKE_TLS_KEY" in caught.value.hint


@pytest.mark.parametrize("name", ["TLS_CERTIFICATE", "TLS_KEY", "TLS_CLIENT_CA", "TLS_CLIENT_CERTIFICATE"])
def test_half_of_the_settings_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"RECOLAKE_{name}", "/nowhere")
    load_settings.cache_clear()
    with pytest.raises(InvalidInputError, match="TLS"):
        load_settings()
    load_settings.cache_clear()


def answers(port: int, context: ssl.SSLContext) -> bool:
    """Whether somebody listens, and shows the certificate that the client believes."""
    with suppress(OSError):
        return probes.answers(port, "/health", context)
    return False


@pytest.fixture(params=["api", "control"])
def served(
    request: pytest.FixtureRequest, settings: Settings, eventually: Callable[[Callable[[], object]], None]
) -> Iterator[tuple[Settings, Context]]:
    """One of the two applications, in a process as the platform starts it."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = settings.model_copy(
        update={
            "postgres_url": "postgresql://p@127.0.0.1:1",
            "redis_url": "redis://127.0.0.1:1",
            "api_workers": 1,
        }
    )
    service, context = BY_NAME[request.param], Context(own, port)
    assert service.url(context) == f"https://127.0.0.1:{port}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RECOLAKE_")}
    process = subprocess.Popen(
        service.command(context),
        env=environment | own.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: answers(port, client(own)))
        assert service.healthy(context)
        yield own, context
    finally:
        process.terminate()
        process.wait()


def test_both_applications_speak_tls_1_3_alone_and_renew_without_dropping_anybody(
    served: tuple[Settings, Context], eventually: Callable[[Callable[[], object]], None]
) -> None:
    settings, context = served
    kept = http.client.HTTPSConnection("127.0.0.1", context.port, context=client(settings), timeout=30)

    def ask() -> http.client.HTTPResponse:
        kept.request("GET", "/health")
        answer = kept.getresponse()
        answer.read()
        return answer

    first = ask()
    assert (first.status, first.getheader("Strict-Transport-Security")) == (200, "max-age=31536000")
    connected = kept.sock
    assert isinstance(connected, ssl.SSLSocket)
    assert connected.version() == "TLSv1.3"

    older = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    older.check_hostname, older.verify_mode = False, ssl.CERT_NONE
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        probes.answers(context.port, "/health", older)
    with pytest.raises((OSError, http.client.HTTPException)):
        probes.answers(context.port, "/health")

    write(settings.home, make("renewed"))
    eventually(lambda: answers(context.port, client(settings)))
    assert ask().status == 200
    assert kept.sock is connected
