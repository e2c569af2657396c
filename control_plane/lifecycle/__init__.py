"""The life of a tenant: its beginning and its end, each step by step, resumed by whoever comes next."""
