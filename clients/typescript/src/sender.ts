/** Sends calls, again where that is safe: what the clients for recommendations and for accounts have in common. */

import type { Call } from "./call.js";
import { type ApiError, errorOf, NoAnswerError, type ProblemDocument, UnreadableAnswerError } from "./errors.js";
import { passes, RETRIES, type Retries, secondsOf, waitAfter } from "./retries.js";

const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "PATCH", "DELETE"]);
/** What fetch says where nothing left this machine: sending again is safe, whatever the request. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

export interface Options {
  /** Seconds for each try, from the request to the end of the answer. */
  timeout?: number;
  retries?: Partial<Retries>;
  /** Another way to the API than the network. */
  fetch?: typeof fetch;
}

export interface SendOptions {
  /** One of your own, for retries that outlive this process. */
  idempotencyKey?: string;
  /** Ends the call, between tries too. */
  signal?: AbortSignal;
}

export class Sender {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #withKeys: boolean;
  readonly #timeout: number;
  readonly #retries: Retries;
  readonly #fetch: typeof fetch;

  /** @param credential an API key or an access token; only for API keys does the API keep answers for a retry */
  constructor(url: string, credential?: string, options: Options = {}) {
    this.#base = url.replace(/\/+$/, "");
    this.#headers = credential === undefined ? {} : { Authorization: `Bearer ${credential}` };
    this.#withKeys = credential?.startsWith("rk_") ?? false;
    this.#timeout = options.timeout ?? 10;
    this.#retries = { ...RETRIES, ...options.retries };
    this.#fetch = options.fetch ?? fetch;
  }

  /** The answer to a call, after as many tries as it needs. Throws ApiError, or NoAnswerError. */
  async send<T>(call: Call<T>, options: SendOptions = {}): Promise<T> {
    const keyed = Boolean(call.keyed) && this.#withKeys;
    const key = options.idempotencyKey ?? (keyed && this.#retries.attempts > 1 ? crypto.randomUUID() : undefined);
    const safe = IDEMPOTENT.has(call.method) || (keyed && key !== undefined);
    const request = this.#request(call, key);
    for (let attempt = 1; ; attempt++) {
      let wait: number | null;
      try {
        const { response, body } = await this.#try(call, request, options.signal);
        if (response.ok) return content(call, response, body);
        const error = refusal(response, body);
        wait = passes(error.status, error.code, safe) ? waitAfter(attempt, this.#retries, error.retryAfter) : null;
        if (wait === null) throw error;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!isTransport(error)) throw error;
        const again = (safe || isNotSent(error)) && causeOf(error).code !== "ERR_INVALID_URL";
        wait = again ? waitAfter(attempt, this.#retries) : null;
        if (wait === null) {
          const tries = attempt === 1 ? "1 try" : `${attempt} tries`;
          const reason = `${call.method} ${call.path}: ${reasonOf(error)} (${tries})`;
          throw new NoAnswerError(reason, { cause: error });
        }
      }
      await pause(wait, options.signal);
    }
  }

  #request(call: Call<unknown>, key: string | undefined): RequestInit {
    const headers: Record<string, string> = { ...this.#headers };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (call.form !== undefined) {
      const body = new URLSearchParams(call.form as Record<string, string>);
      return { method: call.method, headers, body };
    }
    if (call.body === undefined) return { method: call.method, headers };
    headers["Content-Type"] = "application/json";
    return { method: call.method, headers, body: JSON.stringify(call.body) };
  }

  async #try(call: Call<unknown>, request: RequestInit, signal?: AbortSignal) {
    const query = Object.entries(call.query ?? {}).filter(([, value]) => value !== null && value !== undefined);
    const search = new URLSearchParams(query.map(([name, value]) => [name, String(value)]));
    const url = `${this.#base}${call.path}${query.length ? `?${search}` : ""}`;
    const deadline = AbortSignal.timeout(this.#timeout * 1000);
    const either = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    const response = await this.#fetch(url, { ...request, signal: either });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  }
}

function content<T>(call: Call<T>, response: Response, body: Uint8Array): T {
  if (call.raw) return body as T;
  if (body.length === 0) return undefined as T;
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T;
  } catch {
    throw new UnreadableAnswerError(`${response.url} answered with what is not JSON.`);
  }
}

function refusal(response: Response, body: Uint8Array): ApiError {
  const text = new TextDecoder().decode(body);
  let members: ProblemDocument;
  try {
    const found: unknown = JSON.parse(text);
    members = typeof found === "object" && found !== null ? (found as ProblemDocument) : { detail: text };
  } catch {
    members = { detail: text.slice(0, 200) || response.statusText };
  }
  return errorOf(response.status, members, secondsOf(response.headers.get("Retry-After"), Date.now()));
}

/** fetch throws TypeError where the network fails, and TimeoutError at the deadline. */
function isTransport(error: unknown): error is Error {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

function causeOf(error: Error): { code?: string; message?: string } {
  return (error.cause ?? {}) as { code?: string; message?: string };
}

function isNotSent(error: Error): boolean {
  return NOT_SENT.has(causeOf(error).code ?? "");
}

function reasonOf(error: Error): string {
  return causeOf(error).code ?? causeOf(error).message ?? error.message;
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
