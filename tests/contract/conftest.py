"""The API's own description of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recolake.settings import Settings


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """OpenAPI document of the data plane."""
    from serving.app import create_app

    home: Path = tmp_path_factory.mktemp("home")
    return create_app(Settings(home=home)).openapi()
