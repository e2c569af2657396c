"""Usage: brought into PostgreSQL once, reconciled, shown, billed."""
