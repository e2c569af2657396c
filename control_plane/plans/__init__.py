"""Plans: what customers may use, and what it costs."""
