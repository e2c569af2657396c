"""Erasure in the lake and the landing zone."""
