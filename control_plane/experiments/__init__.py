"""Experiments over HTTP: what `recolake experiment` does, for one tenant's key."""
