"""The audit log in PostgreSQL: written with the act, read, exported, checkpointed, cut after its time."""
