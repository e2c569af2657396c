"""What a caller asks of an answer beyond the person: filters, boosts, promotions, diversity."""
