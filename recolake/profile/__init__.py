"""What people did just now, and what was said of items just now: kept in Redis, beside what the lake knows."""
