"""The audit log: what an entry is, how entries hang together, and how anybody checks that none was touched.

Pure: neither PostgreSQL, where the log lies, nor the network is needed to verify one (docs/adr/0036).
"""
