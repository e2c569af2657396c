/** Recommendations, events and accounts of a Recolake platform. */

export { Accounts } from "./accounts.js";
export type { Call } from "./call.js";
export * from "./errors.js";
export type * as accountTypes from "./generated/accounts.js";
export * as accountsCalls from "./generated/accounts-calls.js";
export type * as types from "./generated/recommendations.js";
export * as recommendationsCalls from "./generated/recommendations-calls.js";
export { Recolake } from "./recommendations.js";
export type { Retries } from "./retries.js";
export type { Options, SendOptions } from "./sender.js";
