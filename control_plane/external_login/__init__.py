"""Logging in at another provider by OpenID Connect: its word for who somebody is, then our own session."""
