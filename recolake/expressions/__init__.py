"""A small language of conditions over items, a person and a request; see `docs/reference/filters.md`."""
