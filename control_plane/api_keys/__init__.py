"""API keys: made, listed, revoked; the secret is shown once."""
