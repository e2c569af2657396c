"""Where data came from and what was made of it: OpenLineage events of every run, and the graph they make."""
