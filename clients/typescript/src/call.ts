/** What is sent, apart from how: the generated functions make calls, the clients send them. */

/** One request of the API, whose answer is a T. `keyed`: an Idempotency-Key makes a second try safe. */
export interface Call<T> {
  method: string;
  path: string;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  form?: object;
  /** The answer is bytes, not JSON. */
  raw?: boolean;
  keyed?: boolean;
  /** For the compiler alone. */
  readonly answer?: T;
}

/** Text as one part of a path. RangeError where no URL can hold it. */
export function segment(text: string): string {
  if (text === "" || text === "." || text === "..") {
    throw new RangeError(`"${text}" cannot be part of a URL; say it in a list, with batch`);
  }
  return encodeURIComponent(text);
}
