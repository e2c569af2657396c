"""TLS 1.3 (RFC 8446) for the two APIs and for who asks them on this machine.

Certificates are read again when their files change: new connections get the new one, those that are there
go on, and no process is started anew.
"""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from recolake.errors import RecolakeError
from recolake.loopback import HOSTS
from recolake.settings import Settings

HSTS = ("Strict-Transport-Security", "max-age=31536000")
"""RFC 6797: a browser that was here comes back by https alone, for a year."""
_LOOK_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class CertificateError(RecolakeError):
    """Certificate, key or authority cannot be used."""

    code = "invalid_certificate"


def scheme(settings: Settings) -> str:
    """What the APIs of the local platform are reached by."""
    return "https" if settings.tls_certificate else "http"


def server_context(settings: Settings) -> ssl.SSLContext:
    """What the APIs answer with: TLS 1.3 and nothing older.

    Raises:
        CertificateError: a file is missing, unreadable, or does not fit the others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load_pair(context, settings)
    if settings.tls_client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _trust(context, settings.tls_client_ca)
    return context


def client_context(settings: Settings, url: str) -> ssl.SSLContext | None:
    """How to reach an API of this platform at its URL; None for one that the system's authorities vouch for.

    On loopback only the very certificate that the settings name is believed, whatever name stands in it.

    Raises:
        CertificateError: a file is missing or unreadable.
    """
    address = urlsplit(url)
    if settings.tls_certificate is None or address.scheme != "https" or address.hostname not in HOSTS:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The certificate itself is the anchor, not who issued it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    _trust(context, settings.tls_certificate)
    if settings.tls_client_certificate is not None:
        try:
            context.load_cert_chain(settings.tls_client_certificate)
        except (OSError, ssl.SSLError) as error:
            raise _unusable("RECOLAKE_TLS_CLIENT_CERTIFICATE", settings.tls_client_certificate) from error
    return context


class Renewal:
    """Looks whether the files of a server's certificate changed, and gives new connections the new one."""

    def __init__(self, settings: Settings, context: ssl.SSLContext) -> None:
        self._settings, self._context = settings, context
        self._seen = _stamps(settings)

    def look(self) -> bool:
        """Take over what changed; whether anything was. What does not fit together waits until it does."""
        found = _stamps(self._settings)
        if found == self._seen:
            return False
        try:
            # A pair that does not fit would leave half of itself in the context that is in use.
            _load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._settings)
            _load_pair(self._context, self._settings)
        except CertificateError as error:
            _log.warning("certificate_not_renewed", detail=error.message)
            return False
        self._seen = found
        _log.info("certificate_renewed")
        return True

    def follow(self) -> None:
        """Look each second, in a thread that ends with the process."""

        def run() -> None:
            pause = threading.Event()
            while not pause.wait(_LOOK_SECONDS):
                self.look()

        threading.Thread(target=run, name="certificate", daemon=True).start()


def _stamps(settings: Settings) -> list[tuple[int, int]]:
    stamps = []
    for path in (settings.tls_certificate, settings.tls_key):
        try:
            found = path.stat() if path else None
        except OSError:
            found = None
        stamps.append((found.st_mtime_ns, found.st_ino) if found else (0, 0))
    return stamps


def _load_pair(context: ssl.SSLContext, settings: Settings) -> None:
    assert settings.tls_certificate is not None
    assert settings.tls_key is not None
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        both = f"{settings.tls_certificate}, {settings.tls_key}"
        raise _unusable("RECOLAKE_TLS_CERTIFICATE, RECOLAKE_TLS_KEY", both) from error


def _no_password() -> str:
    """OpenSSL would else ask at the terminal; a key that needs one is refused."""
    return ""


def _trust(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise _unusable("RECOLAKE_TLS_CLIENT_CA or RECOLAKE_TLS_CERTIFICATE", path) from error


def _unusable(setting: str, what: object) -> CertificateError:
    return CertificateError(
        f"{what} cannot be used: missing, unreadable, no PEM, encrypted, or certificate and key differ.",
        hint=f"Look at {setting}.",
    )
