"""What models and servers ask for. A service is never changed; its successor gets the next number."""

from __future__ import annotations

from feast import FeatureService

from feature_repo.entities import OWNER
from feature_repo.feature_views.items import item_popularity
from feature_repo.feature_views.users import user_profile, user_recent, user_vector
from recolake.features.names import USER_ATTRIBUTES, Service

_HISTORY = ["history_items", "history_weights", "history_days", "history_first_days", "history_last_days"]

recommendation_v1 = FeatureService(
    name=Service.RECOMMENDATION_V1.value,
    features=[user_profile[["history_items", "history_weights"]], user_vector],
    owner=OWNER,
    description="What a recommendation needs to know of the person: one read of two keys",
)

profile_v1 = FeatureService(
    name=Service.PROFILE.value,
    features=[user_profile[list(USER_ATTRIBUTES)]],
    owner=OWNER,
    description="What the rules of a request may ask of the person, read only where they do",
)

recommendation_v2 = FeatureService(
    name=Service.RECOMMENDATION.value,
    features=[user_profile[_HISTORY], user_vector],
    owner=OWNER,
    description="The same, and when the person took what is in the history: what a second stage judges by",
)

live_v1 = FeatureService(
    name=Service.LIVE.value,
    features=[user_profile[_HISTORY], user_vector, user_recent],
    owner=OWNER,
    description="recommendation_v2 and what the person did just now: what an answer is made from",
)

popularity_v1 = FeatureService(
    name=Service.POPULARITY.value,
    features=[item_popularity[["trend_score"]]],
    owner=OWNER,
    description="What is current, read for the whole catalogue when it changed",
)
