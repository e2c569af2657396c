/** The control plane: keys, uploads, scenarios, usage. `send(accountsCalls.…)` sends what is not here. */

import type * as t from "./generated/accounts.js";
import * as calls from "./generated/accounts-calls.js";
import { Sender } from "./sender.js";

/**
 * An organisation's account, with an API key or a person's access token (or neither, to sign up).
 *
 * Only with an API key does the API keep answers for a retry. With a token, what creates something is sent again only
 * where it surely did not arrive.
 */
export class Accounts extends Sender {
  /** A new person, with an organisation of their own. */
  signUp(person: t.SignUp): Promise<t.SignedUp> {
    return this.send(calls.signUp(person));
  }

  /** Who the token's person is, and what they may do. */
  me(): Promise<t.Oneself> {
    return this.send(calls.readOneself());
  }

  /** New tokens; the refresh token is good once, so this is sent again only where it did not arrive. */
  refresh(refreshToken: string, clientId = "recolake-cli"): Promise<t.TokenAnswer> {
    const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: refreshToken };
    return this.send(calls.issueTokens(form));
  }

  /** All API keys, without their secrets. */
  keys(): Promise<t.ApiKeyRead[]> {
    return this.send(calls.listKeys());
  }

  /** A new API key; its `secret` is shown this once. */
  createKey(key: t.ApiKeyCreate): Promise<t.ApiKeyCreated> {
    return this.send(calls.createKey(key));
  }

  /** A new secret in a key's place. */
  rotateKey(keyId: string, how: t.ApiKeyRotate): Promise<t.ApiKeyCreated> {
    return this.send(calls.rotateKey(keyId, how));
  }

  /** The key is good no more. */
  revokeKey(keyId: string): Promise<void> {
    return this.send(calls.revokeKey(keyId));
  }

  /** What became of an upload. */
  upload(uploadId: string): Promise<t.UploadRead> {
    return this.send(calls.readUpload(uploadId));
  }

  /** All scenarios, as they are live. */
  scenarios(): Promise<t.ScenarioList> {
    return this.send(calls.listScenarios());
  }

  /** A scenario's next version; refused where it would not work. */
  putScenario(name: string, scenario: t.ScenarioPut): Promise<t.ScenarioRead> {
    return this.send(calls.putScenario(name, scenario));
  }

  /** The plan's limits and quotas, and what is used of them. */
  limits(): Promise<t.LimitsRead> {
    return this.send(calls.readLimits());
  }

  /** What was used from the first day to the last (`2026-02-01`, UTC), line by line, page after page. */
  async *usage(first: string, last: string): AsyncGenerator<t.UsageLine> {
    let cursor: string | null = null;
    do {
      const page: t.UsagePage = await this.send(calls.readUsage({ from: first, to: last, cursor, limit: 1_000 }));
      yield* page.lines;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  /** What a month (`2026-02`) costs, line by line. */
  invoice(month: string): Promise<t.InvoiceRead> {
    return this.send(calls.readInvoice(month));
  }

  /** Have a program of yours told; the `secret` to check signatures with is shown this once. */
  createWebhook(webhook: t.WebhookCreate): Promise<t.WebhookWithSecret> {
    return this.send(calls.createWebhook(webhook));
  }
}
