"""Access tokens: JWTs (RFC 9068) signed with Ed25519, and the keys that sign and verify them."""
