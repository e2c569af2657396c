"""Where candidates come from: a source for each kind; all else is one pipeline, `service.py`."""
