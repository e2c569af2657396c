"""The services of the platform, one file each; `catalogue` lists them."""
