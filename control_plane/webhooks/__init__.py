"""Webhooks: a tenant's own programs hear what happened, signed, at least once (docs/adr/0037)."""
