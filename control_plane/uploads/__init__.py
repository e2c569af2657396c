"""Uploads over HTTP: the same landing zone as on the command line."""
