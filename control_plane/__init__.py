"""Accounts, keys and uploads: the only part of the product that talks to PostgreSQL's `accounts` database.

Noun by noun, each with the same files: `endpoints` (HTTP), `service` (what happens), `repository` (SQL),
`schemas` (bodies). The data plane learns about tenants and keys from the files that `snapshots` writes.
"""
