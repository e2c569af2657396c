"""The data plane, for asyncio: as `recommendations`, method by method."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, ParamSpec, Unpack, cast

from recolake_client.batches import MOST_EVENTS, all_refused, chunks, together
from recolake_client.generated import recommendations as t
from recolake_client.generated import recommendations_calls as calls
from recolake_client.problems import UnusableInputError
from recolake_client.senders import AsyncSender

P = ParamSpec("P")


class AsyncRecolake(AsyncSender):
    """As `Recolake`, for asyncio. `pages` is gone through with `async for`."""

    async def recommend(self, **request: Unpack[t.RecommendationRequest]) -> t.RecommendationAnswer:
        """What should this person see?"""
        return await self.send(calls.recommend(request))

    async def recommend_batch(self, **request: Unpack[t.RecommendationBatchRequest]) -> t.BatchAnswer:
        """What should each of these people see? At most 1,000; each list is billed as a request."""
        return await self.send(calls.recommend_batch(request))

    async def similar_items(self, **request: Unpack[t.SimilarItemsRequest]) -> t.RecommendationAnswer:
        """What is like this item?"""
        return await self.send(calls.recommend_similar_items(request))

    async def bought_together(self, **request: Unpack[t.BoughtTogetherRequest]) -> t.RecommendationAnswer:
        """What goes with this basket?"""
        return await self.send(calls.recommend_bought_together(request))

    async def next_in_session(self, **request: Unpack[t.SessionRequest]) -> t.RecommendationAnswer:
        """What comes next, after these items, the latest last? Nobody need be known."""
        return await self.send(calls.recommend_for_session(request))

    async def popular(self, **request: Unpack[t.PopularRequest]) -> t.RecommendationAnswer:
        """What is popular now?"""
        return await self.send(calls.recommend_popular(request))

    async def trending(self, **request: Unpack[t.TrendingRequest]) -> t.RecommendationAnswer:
        """What is more popular now than it used to be?"""
        return await self.send(calls.recommend_trending(request))

    async def recently_viewed(self, **request: Unpack[t.RecentlyViewedRequest]) -> t.RecommendationAnswer:
        """What did this person have lately?"""
        return await self.send(calls.recommend_recently_viewed(request))

    async def rerank(self, **request: Unpack[t.RerankRequest]) -> t.RecommendationAnswer:
        """In which order should this person see these items?"""
        return await self.send(calls.rerank(request))

    async def users_for_item(self, **request: Unpack[t.UsersRequest]) -> t.UsersAnswer:
        """Whom of these people does this item suit best?"""
        return await self.send(calls.recommend_users(request))

    async def pages(
        self, ask: Callable[P, Awaitable[t.RecommendationAnswer]], *args: P.args, **request: P.kwargs
    ) -> AsyncIterator[t.RecommendationAnswer]:
        """Page after page without repeats, until there is no more: `shop.pages(shop.popular, k=20)`.

        Each page is a request, and billed as one. One that comes back empty is asked for, too: it is the end.
        """
        told: Any = dict(request)
        while (answer := await ask(*args, **told))["items"]:
            yield answer
            told["next_of"] = answer["recommendation_id"]

    async def receipt(self, recommendation_id: str) -> t.Receipt:
        """Where did this recommendation come from?"""
        return await self.send(calls.receipt(recommendation_id))

    async def replay(self, recommendation_id: str) -> t.Replay:
        """The list that was served, once more."""
        return await self.send(calls.replay(recommendation_id))

    async def send_event(self, **event: Unpack[t.Event]) -> t.KeptEvent:
        """One event. It is on the platform's disk when this returns."""
        return cast(t.KeptEvent, await self.send(calls.send_events(event)))

    async def send_events(self, events: Iterable[t.Event], *, size: int = MOST_EVENTS) -> t.EventResults:
        """Any number of events, `size` (1,000 at most) a call; each is judged for itself.

        `results` says in their order which were refused, and why; that all were is no error here. Where an
        error is raised, some may have been kept: send all again, an event that is there counts once.
        """
        return together([await self.send_list(chunk) for chunk in chunks(events, size)])

    async def send_list(self, events: list[t.Event]) -> t.EventResults:
        """At most 1,000 events, in one call."""
        try:
            return cast(t.EventResults, await self.send(calls.send_events(events)))
        except UnusableInputError as error:
            return all_refused(error)

    async def put_item(self, item_id: str, **item: Unpack[t.ItemStatement]) -> t.KeptItem:
        """What is true of an item; what is left out stays as it was."""
        return await self.send(calls.put_item(item_id, item))

    async def delete_item(self, item_id: str) -> t.KeptItem:
        """The item is not to be had any more."""
        return await self.send(calls.delete_item(item_id))

    async def put_user(self, user_id: str, **user: Unpack[t.UserStatement]) -> t.KeptUser:
        """What is true of a person; what is left out stays as it was."""
        return await self.send(calls.put_user(user_id, user))

    async def batch(
        self, operations: list[t.SendEvent | t.PutItem | t.DeleteItem | t.PutUser]
    ) -> t.BatchResults:
        """Up to 10,000 operations; a result for each, in the same order."""
        return await self.send(calls.batch(operations))
