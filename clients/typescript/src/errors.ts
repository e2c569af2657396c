/** Errors of this library; `code` tells those of the API apart. */

import type { ErrorCode } from "./generated/error-codes.js";

export type { ErrorCode } from "./generated/error-codes.js";

/** A problem document (RFC 9457), as far as it is there. */
export interface ProblemDocument {
  /** Stable across releases. Newer versions of the API may have codes that this one does not know. */
  code?: ErrorCode | (string & {});
  detail?: string;
  field?: string | null;
  hint?: string | null;
  request_id?: string;
  [member: string]: unknown;
}

/** Base of every error that this library throws. */
export class RecolakeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No answer came, after all tries: the API is away, or too slow. What was sent may have arrived. */
export class NoAnswerError extends RecolakeError {}

/** Something answered that is not the API: perhaps a proxy, or another address than it should be. */
export class UnreadableAnswerError extends RecolakeError {}

/** The API refused. */
export class ApiError extends RecolakeError {
  readonly code: ErrorCode | (string & {});
  readonly detail: string;
  /** The offending field. */
  readonly field: string | null;
  /** What to do about it. */
  readonly hint: string | null;
  /** Under which the API logged the request. */
  readonly requestId: string | null;

  constructor(
    readonly status: number,
    /** The whole document. */
    readonly members: ProblemDocument,
    /** Seconds after which trying again may help. */
    readonly retryAfter: number | null,
  ) {
    const { code = "http_error", detail = "", hint } = members;
    super(`${status} ${code}: ${detail}${hint ? ` ${hint}` : ""}`);
    this.code = code;
    this.detail = detail;
    this.field = members.field ?? null;
    this.hint = hint ?? null;
    this.requestId = members.request_id ?? null;
  }
}

/** 401: no key or token, or one that is not valid. */
export class AuthenticationError extends ApiError {}

/** 403: the key lacks a scope, or the person a permission. */
export class PermissionDeniedError extends ApiError {}

/** 404: no such thing, or not yours to see. */
export class MissingError extends ApiError {}

/** 409: it does not fit what is there already. */
export class ConflictError extends ApiError {}

/** 410: it was there once. */
export class GoneError extends ApiError {}

/** 413, 415, 422: what was sent cannot be used as it is. `field` says which part. */
export class UnusableInputError extends ApiError {}

/** 429: a limit or a quota. `retryAfter` says when there is room again. */
export class LimitError extends ApiError {}

/** 5xx: not your fault. Tell the operator the `requestId`. */
export class ServerError extends ApiError {}

/** 503: something that the answer needs is away. */
export class UnavailableError extends ServerError {}

const BY_STATUS: Record<number, typeof ApiError> = {
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: MissingError,
  409: ConflictError,
  410: GoneError,
  413: UnusableInputError,
  415: UnusableInputError,
  422: UnusableInputError,
  429: LimitError,
  503: UnavailableError,
};

/** The error that a problem document tells of. */
export function errorOf(status: number, members: ProblemDocument, retryAfter: number | null): ApiError {
  const Kind = BY_STATUS[status] ?? (status >= 500 ? ServerError : ApiError);
  return new Kind(status, members, retryAfter);
}
