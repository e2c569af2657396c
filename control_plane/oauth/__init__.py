"""OAuth 2: the platform is its own provider. Code and PKCE, and nothing that RFC 9700 turns down."""
