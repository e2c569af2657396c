"""Rate limits and quotas of the data plane: exact over all workers through Redis, per worker without it."""
