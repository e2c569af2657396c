"""Invitations: how somebody else gets into an organisation."""
