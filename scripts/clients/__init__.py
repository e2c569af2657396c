"""The generated half of the client libraries: `python -m scripts.clients` writes it, `--check` compares it."""
