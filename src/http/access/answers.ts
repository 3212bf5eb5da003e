import { CLOSE, type FixedAnswer } from "../fixed-answers.ts";

export const NETWORK_NOT_ALLOWED: FixedAnswer = {
  status: 403,
  text: "This network is not allowed.\n",
  headers: CLOSE,
};

export const CERTIFICATE_NOT_ACCEPTED: FixedAnswer = {
  status: 403,
  text: "A client certificate that this server accepts is required.\n",
  headers: CLOSE,
};

/** The answer where it is unknown whether the client may ask. */
export const CANNOT_CHECK: FixedAnswer = {
  status: 503,
  text: "The credentials cannot be checked now.\n",
  headers: { "Cache-Control": "no-store", "Retry-After": "1" },
};

/** Makes the answer to a client that asks too often, and may ask again after `waitMs` milliseconds. */
export function tooManyRequests(waitMs: number): FixedAnswer {
  return {
    status: 429,
    text: "Too many requests.\n",
    headers: { "Cache-Control": "no-store", "Retry-After": String(Math.ceil(waitMs / 1_000)) },
  };
}

/** Makes the answer that asks for credentials. The connection stays: a new one costs more than we save. */
export function unauthorized(challenges: readonly string[]): FixedAnswer {
  return {
    status: 401,
    text: "Unauthorized\n",
    headers: { "Cache-Control": "no-store" },
    challenges,
  };
}
