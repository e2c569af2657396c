"""Append-only files that survive the kill of their writer: what usage records and received events share."""
