"""The demo as a customer of its own API: it waits for a model version to serve, and asks over HTTP."""

from __future__ import annotations

import time

import httpx

from recolake.demo.report import RecommendedItem
from recolake.endpoints import resolve
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.settings import Settings

_ASK_EVERY_SECONDS = 0.25


class RecommendationClient:
    """Asks the data plane for recommendations with one tenant's key."""

    def __init__(self, settings: Settings, api_key: str) -> None:
        self._http = httpx.Client(
            base_url=resolve(settings, "api"), headers={"Authorization": f"Bearer {api_key}"}, timeout=10.0
        )

    def close(self) -> None:
        self._http.close()

    def recommend(
        self, user_id: str, *, k: int = 10, include_seen: bool = False
    ) -> tuple[str | None, list[RecommendedItem]]:
        """(model version that answered, items) for a person by the tenant's own id.

        Raises:
            RecolakeError: the API refused, with its own words.
            ServiceUnavailableError: it does not answer.
        """
        body = {"user_id": user_id, "k": k, "include_seen": include_seen}
        try:
            answer = self._http.post("/v1/recommendations", json=body)
        except httpx.HTTPError as error:
            raise ServiceUnavailableError(
                "The recommendation API does not answer.",
                hint="See `recolake status` and `recolake logs api`.",
            ) from error
        if answer.is_error:
            problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            said = problem.get("detail") or problem.get("title") or ""
            raise RecolakeError(
                f"The recommendation API answered {answer.status_code}: {said}",
                hint=f"Request id: {problem.get('request_id', 'none')}; see `recolake logs api`.",
            )
        found = answer.json()
        items = [
            RecommendedItem.model_validate({k: i.get(k) for k in RecommendedItem.model_fields})
            for i in found["items"]
        ]
        return found.get("model_version"), items

    def wait_for(self, user_id: str, model_version: str, *, seconds: float = 60.0) -> list[RecommendedItem]:
        """The first answer given by a model version.

        Raises:
            ServiceUnavailableError: it is not served within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                version, items = self.recommend(user_id)
            except RecolakeError:
                if time.monotonic() > deadline:
                    raise
            else:
                if version == model_version:
                    return items
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(
                    f"Model {model_version} is published, but not served after {seconds:.0f} s.",
                    hint="See `recolake logs api`.",
                )
            time.sleep(_ASK_EVERY_SECONDS)
