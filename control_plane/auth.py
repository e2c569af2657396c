"""Who asks: annotated dependencies, one a permission, which a handler takes as the type of a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord, KeySnapshot, Scope
from recolake.web.bearer import BearerSecret


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _requires(scope: Scope | None) -> Callable[..., KeyRecord]:
    def authenticate(request: Request, secret: BearerSecret) -> KeyRecord:
        keys: KeySnapshot = request.app.state.keys
        return keys.authenticate(secret, scope)

    return authenticate


CurrentSettings = Annotated[Settings, Depends(_settings)]
KeyHolder = Annotated[KeyRecord, Depends(_requires(None))]
UploadWriter = Annotated[KeyRecord, Depends(_requires(Scope.UPLOADS_WRITE))]
ExperimentWriter = Annotated[KeyRecord, Depends(_requires(Scope.EXPERIMENTS_WRITE))]
ScenarioWriter = Annotated[KeyRecord, Depends(_requires(Scope.SCENARIOS_WRITE))]
PrivacyWriter = Annotated[KeyRecord, Depends(_requires(Scope.PRIVACY_WRITE))]
KeyWriter = Annotated[KeyRecord, Depends(_requires(Scope.KEYS_WRITE))]
