/** The answers that are always the same. Nothing of a request is ever part of them. */

/** An answer that is always the same. */
export interface FixedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What `WWW-Authenticate` asks for, each in a header of its own: some browsers read only one of a list. */
  readonly challenges?: readonly string[];
}

/** The methods that every path answers, for the `Allow` header. */
const ALLOW = { Allow: "GET, HEAD, OPTIONS" };

/** Whatever else such a client sends is not worth reading. */
export const CLOSE: { readonly Connection: "close" } = { Connection: "close" };

export const OPTIONS_ANSWER: FixedAnswer = { status: 204, text: "", headers: ALLOW };

export const METHOD_NOT_ALLOWED: FixedAnswer = {
  status: 405,
  text: "Method not allowed.\n",
  headers: ALLOW,
};

export const BAD_REQUEST: FixedAnswer = { status: 400, text: "Bad request.\n", headers: CLOSE };

export const HAS_BODY: FixedAnswer = {
  status: 413,
  text: "A request must not have a body.\n",
  headers: CLOSE,
};

export const UNKNOWN_CODING: FixedAnswer = {
  status: 501,
  text: "This transfer coding is not implemented.\n",
  headers: CLOSE,
};

export const REQUEST_TIMEOUT: FixedAnswer = {
  status: 408,
  text: "The request took too long.\n",
  headers: CLOSE,
};

export const HOST_NOT_ALLOWED: FixedAnswer = {
  status: 403,
  text: "This host is not allowed.\n",
  headers: CLOSE,
};

export const NOT_FOUND: FixedAnswer = { status: 404, text: "Not found.\n" };

export const NO_ICON: FixedAnswer = { status: 204, text: "" };

export const HEALTHY: FixedAnswer = { status: 200, text: "Healthy.\n" };

export const READY: FixedAnswer = { status: 200, text: "Ready.\n" };

/** The answer after `setReady(false)`. */
export const NOT_READY: FixedAnswer = { status: 503, text: "Not ready.\n" };

/** The answer to a probe for readiness that comes during a shutdown. */
export const SHUTTING_DOWN: FixedAnswer = { status: 503, text: "Shutting down.\n" };
