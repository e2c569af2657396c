/** What is sent again, when, and under which key. A `fetch` of ours stands for the network. */

import assert from "node:assert/strict";
import test from "node:test";

import { chunks } from "../src/batches.js";
import { Accounts, ApiError, LimitError, NoAnswerError, Recolake, RecolakeError } from "../src/index.js";
import { secondsOf, waitAfter } from "../src/retries.js";

const KEY = "rk_test_0";
const FAST = { firstWait: 0, patience: 1 };
const ANSWER = { recommendation_id: "r", items: [] };

type Step = Response | Error;

function network(...steps: Step[]) {
  const sent: Request[] = [];
  const answer: typeof fetch = async (input, init) => {
    sent.push(new Request(input, init));
    const step = steps.shift();
    if (step === undefined) throw new Error("asked once too often");
    if (step instanceof Error) throw step;
    return step;
  };
  return { sent, fetch: answer, keys: () => sent.map((request) => request.headers.get("Idempotency-Key")) };
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ status, code, detail: "d" }), { status, headers });
}

const lost = () => new TypeError("fetch failed", { cause: { code: "UND_ERR_SOCKET" } });
const refused = () => new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });

test("what passes is sent again under the same key, another call under another", async () => {
  const net = network(lost(), problem(503, "service_unavailable"), Response.json(ANSWER), Response.json(ANSWER));
  const shop = new Recolake("http://x", KEY, { fetch: net.fetch, retries: FAST });
  assert.deepEqual(await shop.popular({ k: 3 }), ANSWER);
  await shop.popular({ k: 3 });
  const [first, second, third, other] = net.keys();
  assert.ok(first && first === second && second === third);
  assert.ok(other && other !== first);
});

test("a first try that is still being worked on is waited for", async () => {
  const net = network(lost(), problem(409, "idempotency_key_in_use"), Response.json(ANSWER));
  await new Recolake("http://x", KEY, { fetch: net.fetch, retries: FAST }).popular();
  assert.equal(net.sent.length, 3);
});

test("without a key that the API keeps, what may have arrived is not sent again", async () => {
  const net = network(lost());
  const accounts = new Accounts("http://x", "a.person.token", { fetch: net.fetch, retries: FAST });
  await assert.rejects(accounts.createKey({ name: "shop", scopes: ["events:write"] }), NoAnswerError);
  assert.deepEqual(net.keys(), [null]);
  const other = network(refused(), problem(429, "rate_limited"), Response.json({ secret: "s" }));
  const again = new Accounts("http://x", "a.person.token", { fetch: other.fetch, retries: FAST });
  assert.equal((await again.createKey({ name: "shop", scopes: ["events:write"] })).secret, "s");
});

test("a wait beyond patience is the caller's", async () => {
  const net = network(problem(429, "quota_exceeded", { "Retry-After": "86400" }));
  const shop = new Recolake("http://x", KEY, { fetch: net.fetch, retries: FAST });
  await assert.rejects(shop.popular(), (error) => error instanceof LimitError && error.retryAfter === 86400);
});

test("what is refused is told by type and code, and not sent again", async () => {
  const net = network(problem(422, "invalid_expression"));
  const shop = new Recolake("http://x", KEY, { fetch: net.fetch, retries: FAST });
  await assert.rejects(shop.popular({ filter: "(" }), (error) => {
    return error instanceof ApiError && error.code === "invalid_expression" && error.name === "UnusableInputError";
  });
});

test("a caller's signal ends the wait", async () => {
  const net = network(problem(503, "service_unavailable", { "Retry-After": "20" }));
  const shop = new Recolake("http://x", KEY, { fetch: net.fetch });
  const stop = new AbortController();
  const asked = shop.send({ method: "GET", path: "/v1/me" }, { signal: stop.signal });
  setImmediate(() => stop.abort(new RecolakeError("enough")));
  await assert.rejects(asked, /enough/);
});

test("no wait is shorter than Retry-After, nor longer than that and the longest wait", () => {
  const retries = { attempts: 100, firstWait: 0.25, longestWait: 8, patience: 30 };
  for (let attempt = 1; attempt < 100; attempt++) {
    for (const chance of [0, 0.5, 1]) {
      const wait = waitAfter(attempt, retries, 5, chance);
      assert.ok(wait !== null && wait >= 5 && wait <= 13);
    }
  }
  assert.equal(waitAfter(100, retries), null);
  assert.equal(secondsOf("Thu, 01 Jan 1970 00:01:00 GMT", 0), 60);
  assert.equal(secondsOf("soon", 0), null);
});

test("lists hold everything in order, and no more than the API takes", () => {
  const numbers = Array.from({ length: 2_500 }, (_, n) => n);
  const lists = [...chunks(numbers)];
  assert.deepEqual(lists.map((list) => list.length), [1_000, 1_000, 500]);
  assert.deepEqual(lists.flat(), numbers);
  assert.deepEqual([...chunks(["aaaa", "b"], 10, 10)], [["aaaa"], ["b"]]);
});

test("an id that no URL can hold is refused here", () => {
  const shop = new Recolake("http://x", KEY, { fetch: network().fetch });
  for (const id of ["", ".", ".."]) assert.throws(() => shop.deleteItem(id), RangeError);
});
