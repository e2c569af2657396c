/** Lists as large as the API takes them in one call. */

import type { ApiError } from "./errors.js";
import type { EventResult, EventResults } from "./generated/recommendations.js";

export const MOST_EVENTS = 1_000;
export const MOST_EVENTS_BYTES = 4 << 20;

/** The entries in their order, in lists of at most so many, and so many bytes as JSON; a larger entry is a list of its own. */
export function* chunks<T>(entries: Iterable<T>, most = MOST_EVENTS, mostBytes = MOST_EVENTS_BYTES): Generator<T[]> {
  if (most < 1) throw new RangeError("a list has at least one entry");
  let chunk: T[] = [];
  let size = 2;
  for (const entry of entries) {
    const length = new TextEncoder().encode(JSON.stringify(entry)).length + 1;
    if (chunk.length > 0 && (chunk.length === most || size + length > mostBytes)) {
      yield chunk;
      chunk = [];
      size = 2;
    }
    chunk.push(entry);
    size += length;
  }
  if (chunk.length > 0) yield chunk;
}

/** What became of a list of which nothing was kept; throws the error where that is not what it tells. */
export function allRefused(error: ApiError): EventResults {
  const { results } = error.members;
  if (!Array.isArray(results)) throw error;
  return { accepted: 0, rejected: results.length, results: results as EventResult[] };
}

/** One answer for all lists. */
export function together(answers: EventResults[]): EventResults {
  return {
    accepted: answers.reduce((sum, answer) => sum + answer.accepted, 0),
    rejected: answers.reduce((sum, answer) => sum + answer.rejected, 0),
    results: answers.flatMap((answer) => answer.results),
  };
}
