/** The data plane: recommendations, and what is sent to be kept. */

import { allRefused, chunks, MOST_EVENTS, together } from "./batches.js";
import { UnusableInputError } from "./errors.js";
import type * as t from "./generated/recommendations.js";
import * as calls from "./generated/recommendations-calls.js";
import { Sender } from "./sender.js";

/**
 * Recommendations for a tenant's people, with an API key.
 *
 * Every method throws ApiError where the API refuses and NoAnswerError where none came. What 429, 503 or the network
 * stopped is sent again, with the same Idempotency-Key: it is neither kept nor billed twice.
 */
export class Recolake extends Sender {
  /** What should this person see? */
  recommend(request: t.RecommendationRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommend(request));
  }

  /** What should each of these people see? At most 1,000; each list is billed as a request. */
  recommendBatch(request: t.RecommendationBatchRequest): Promise<t.BatchAnswer> {
    return this.send(calls.recommendBatch(request));
  }

  /** What is like this item? */
  similarItems(request: t.SimilarItemsRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendSimilarItems(request));
  }

  /** What goes with this basket? */
  boughtTogether(request: t.BoughtTogetherRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendBoughtTogether(request));
  }

  /** What comes next, after these items, the latest last? Nobody need be known. */
  nextInSession(request: t.SessionRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendForSession(request));
  }

  /** What is popular now? */
  popular(request: t.PopularRequest = {}): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendPopular(request));
  }

  /** What is more popular now than it used to be? */
  trending(request: t.TrendingRequest = {}): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendTrending(request));
  }

  /** What did this person have lately? */
  recentlyViewed(request: t.RecentlyViewedRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.recommendRecentlyViewed(request));
  }

  /** In which order should this person see these items? */
  rerank(request: t.RerankRequest): Promise<t.RecommendationAnswer> {
    return this.send(calls.rerank(request));
  }

  /** Whom of these people does this item suit best? */
  usersForItem(request: t.UsersRequest): Promise<t.UsersAnswer> {
    return this.send(calls.recommendUsers(request));
  }

  /**
   * Page after page without repeats, until there is no more: `shop.pages((next) => shop.popular({ k: 20, ...next }))`.
   * Each page is a request, and billed as one, the empty one that is the end too.
   */
  async *pages(
    ask: (next: { next_of?: string }) => Promise<t.RecommendationAnswer>,
  ): AsyncGenerator<t.RecommendationAnswer> {
    let answer = await ask({});
    while (answer.items.length > 0) {
      yield answer;
      answer = await ask({ next_of: answer.recommendation_id });
    }
  }

  /** Where did this recommendation come from? */
  receipt(recommendationId: string): Promise<t.Receipt> {
    return this.send(calls.receipt(recommendationId));
  }

  /** The list that was served, once more. */
  replay(recommendationId: string): Promise<t.Replay> {
    return this.send(calls.replay(recommendationId));
  }

  /** One event. It is on the platform's disk once this is done. */
  async sendEvent(event: t.Event): Promise<t.KeptEvent> {
    return (await this.send(calls.sendEvents(event))) as t.KeptEvent;
  }

  /**
   * Any number of events, `size` (1,000 at most) a call; each is judged for itself, and `results` says in their order
   * which were refused, and why. Where an error is thrown, some may have been kept: send all again, an event that is
   * there counts once.
   */
  async sendEvents(events: Iterable<t.Event>, size = MOST_EVENTS): Promise<t.EventResults> {
    const answers: t.EventResults[] = [];
    for (const chunk of chunks(events, size)) answers.push(await this.#sendList(chunk));
    return together(answers);
  }

  /** What is true of an item; what is left out stays as it was. */
  putItem(itemId: string, item: t.ItemStatement): Promise<t.KeptItem> {
    return this.send(calls.putItem(itemId, item));
  }

  /** The item is not to be had any more. */
  deleteItem(itemId: string): Promise<t.KeptItem> {
    return this.send(calls.deleteItem(itemId));
  }

  /** What is true of a person; what is left out stays as it was. */
  putUser(userId: string, user: t.UserStatement): Promise<t.KeptUser> {
    return this.send(calls.putUser(userId, user));
  }

  /** Up to 10,000 operations; a result for each, in the same order. */
  batch(operations: (t.SendEvent | t.PutItem | t.DeleteItem | t.PutUser)[]): Promise<t.BatchResults> {
    return this.send(calls.batch(operations));
  }

  async #sendList(events: t.Event[]): Promise<t.EventResults> {
    try {
      return (await this.send(calls.sendEvents(events))) as t.EventResults;
    } catch (error) {
      if (error instanceof UnusableInputError) return allRefused(error);
      throw error;
    }
  }
}
