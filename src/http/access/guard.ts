import type { IncomingMessage } from "node:http";
import type { MaybePromise } from "../../maybe-promise.ts";
import type { FixedAnswer } from "../fixed-answers.ts";
import type { RequestHead } from "../request-head.ts";
import type { Headers } from "../send.ts";

/** A request, as far as it matters to who may ask. */
export interface Visit {
  readonly head: RequestHead;
  /** The request of `node:http` or `node:http2`; absent for one of the Fetch API. */
  readonly request?: IncomingMessage;
  /** The headers of a request of the Fetch API. */
  readonly headers?: Iterable<readonly [name: string, value: string]>;
  /** Whether it asks for nothing but the health of the process. */
  readonly isHealth: boolean;
}

/**
 * Decides who may ask. It stands before everything except what is not a request: networks,
 * certificates, credentials, limits. Without such an option there is none, and none of its code is loaded.
 */
export interface Guard {
  /** What every answer has beside its own headers. */
  readonly headers: Headers;
  /**
   * Decides on a request.
   *
   * @returns The answer that refuses it; `undefined` if it may be answered.
   */
  admit(visit: Visit): MaybePromise<FixedAnswer | undefined>;
  /** Must be called for a request that is refused because its host is not allowed. */
  hostRefused(): void;
}
