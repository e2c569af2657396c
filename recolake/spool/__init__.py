"""The spool: what the API acknowledged, on this machine's disk until it is in the landing zone."""
