"""People: who signs up, with what password, and what they are told about themselves."""
