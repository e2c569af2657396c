/** When a request is sent again, and after how long. Pure: the client waits. */

export interface Retries {
  /** Tries in all; 1 is none again. */
  attempts: number;
  /** Seconds at most before the second try, doubled with each further one up to `longestWait`; the wait is a random part. */
  firstWait: number;
  longestWait: number;
  /** The longest Retry-After in seconds that is waited for; beyond it the error is thrown. */
  patience: number;
}

export const RETRIES: Retries = { attempts: 4, firstWait: 0.25, longestWait: 8, patience: 30 };

const PASSING = new Set([429, 502, 503, 504]);

/** Seconds before the try after `attempt` (1 is the first), never less than Retry-After; null where there is none. */
export function waitAfter(
  attempt: number,
  retries: Retries,
  retryAfter: number | null = null,
  chance: number = Math.random(),
): number | null {
  if (attempt >= retries.attempts || (retryAfter ?? 0) > retries.patience) return null;
  const most = Math.min(retries.firstWait * 2 ** (attempt - 1), retries.longestWait);
  return (retryAfter ?? 0) + most * chance;
}

/**
 * Whether an answer may be another one soon, and asking again cannot do a thing twice.
 * `safe`: the method is idempotent, or an Idempotency-Key came with the request.
 */
export function passes(status: number, code: string, safe: boolean): boolean {
  // Nothing was begun: sending again is safe, whatever the request.
  if (status === 429) return true;
  // The first try is still being worked on: its answer will be there.
  return safe && (PASSING.has(status) || code === "idempotency_key_in_use");
}

/** Retry-After (RFC 9110): seconds, or a date; null where there is none, or it cannot be read. */
export function secondsOf(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header);
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max((until - now) / 1000, 0);
}
