"""Scenarios over HTTP."""
