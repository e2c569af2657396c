"""Organisations: a tenant as the people see it who are its members."""
