"""The generated half of the clients: `python -m scripts.clients` writes it, with `--check` it compares."""
