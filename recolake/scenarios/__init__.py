"""Scenarios: named, versioned bundles of a kind of recommendation, its rules and its defaults."""
