"""Proof Key for Code Exchange (RFC 7636), S256 alone."""

from __future__ import annotations

import hashlib
import hmac
import re

from control_plane.tokens.keys import base64url

# SHA-256 in base64url without padding.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def challenge_of(verifier: str) -> str:
    """What stands in the first request for a verifier that only the second shows."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def proves(verifier: str, challenge: str) -> bool:
    """Whether who shows the verifier is who sent the challenge."""
    return bool(_VERIFIER.fullmatch(verifier)) and hmac.compare_digest(challenge_of(verifier), challenge)
