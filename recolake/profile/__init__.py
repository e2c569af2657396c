"""What people did just now, and which items are not to be had, in Redis beside what the lake knows."""
