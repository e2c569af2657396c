"""Airflow makes folders below AIRFLOW_HOME when it is imported; that shall not be a person's home."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="recolake-airflow-"))
