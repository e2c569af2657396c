"""Tenants: who uses this platform."""
