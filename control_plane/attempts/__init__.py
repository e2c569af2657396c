"""Attempts to log in and to sign up: counted before they are looked at, so that guessing is slow."""
