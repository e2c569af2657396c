"""What one event of a type counts, where no table can be asked; a test compares it with dbt's seed."""

from __future__ import annotations

from collections.abc import Mapping

EVENT_WEIGHTS: Mapping[str, float] = {
    "purchase": 1.0,
    "cart": 0.5,
    "wishlist": 0.4,
    "click": 0.3,
    "view": 0.2,
    "rating": 1.0,
    "remove_from_cart": 0.0,
    "return": 0.0,
}
