"""What serving reads of people is what Feast would have said."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from recolake.features.names import MODEL_KEY, TENANT_KEY, USER_KEY, Service
from recolake.features.rows import RowReader
from recolake.features.store import online_store


@pytest.mark.parametrize("service", [Service.LIVE, Service.RECOMMENDATION_V1, Service.PROFILE])
def test_a_row_is_what_feast_reads_also_of_whom_nothing_or_half_is_known(shop: Any, service: Service) -> None:
    shop.write_history("cy", ["i1"], country="Österreich", dated=False)
    store, client = online_store(shop.settings, 30.0), redis.Redis.from_url(shop.valkey.url)
    keys = [
        {TENANT_KEY: tenant, USER_KEY: shop.person(user), MODEL_KEY: version}
        # With vector and history; vector alone; history alone; of another version and tenant; and nobody.
        for tenant, user, version in (
            ("shop", "ada", "v1"),
            ("shop", "ben", "v1"),
            ("shop", "cy", "v1"),
            ("shop", "ada", ""),
            ("rival", "ada", "v1"),
            ("shop", "nobody", "v1"),
        )
    ]
    asked = store.get_feature_service(service.value)
    answer = store.get_online_features(asked, keys).proto
    columns = dict(zip(answer.metadata.feature_names.val, answer.results, strict=True))
    for number, row in enumerate(RowReader.of(store, asked).read(client, keys)):
        assert row.keys() == columns.keys() - {TENANT_KEY, USER_KEY, MODEL_KEY}
        assert row == {name: columns[name].values[number] for name in row}
