"""Taking in what tenants send: judged, kept on the disk, then acknowledged."""
