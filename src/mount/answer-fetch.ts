import type { Guard } from "../http/access/guard.ts";
import {
  fetchContentRefusal,
  fetchHeadOf,
  fetchScrape,
  fixedResponse,
  keepsEncoding,
} from "../http/fetch.ts";
import { type FixedAnswer, HOST_NOT_ALLOWED } from "../http/fixed-answers.ts";
import {
  fixedAnswerOf,
  isChunked,
  malformationOf,
  type RequestHead,
} from "../http/request-head.ts";
import type { Headers } from "../http/send.ts";
import type { Log } from "../log.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { Scrape } from "../scrape/exchange.ts";

/**
 * What a mount answers with, unless it refuses a request: the response of a scrape, or an answer that
 * holds no metrics. What either throws is logged, and the client gets an error.
 */
export type Content =
  | {
      readonly scrape: Scrape;
      /** Replace those of the response, where it may be compressed on its way. */
      readonly headers: Headers;
    }
  | {
      readonly fixed: (head: RequestHead) => MaybePromise<FixedAnswer>;
      /** Whether it tells nothing but the health of the process. */
      readonly isHealth?: true;
    };

/** The content of a mount, and the guard that decides who gets it. */
export interface MountParts {
  readonly content: Content;
  readonly options: Pick<ResolvedHandlerOptions, "allowedHosts" | "timeoutMs">;
  readonly log: Log;
  /** Decides who may ask; absent where everybody may. */
  readonly guard: Guard | undefined;
}

/**
 * Answers a request of the Fetch API. It is loaded with the first one: most processes get none.
 *
 * @throws What the host throws when its request is read, and what the content throws.
 */
export async function answerFetch(request: Request, parts: MountParts): Promise<Response> {
  const { content, guard } = parts;
  const head = fetchHeadOf(request);
  if (guard === undefined) return answerAdmitted(request, head, parts);
  const isHealth = "isHealth" in content;
  const refusal =
    malformationOf(head) ?? (await guard.admit({ head, isHealth, headers: request.headers }));
  const response =
    refusal === undefined ? await answerAdmitted(request, head, parts) : fixedResponse(refusal);
  for (const [name, value] of Object.entries(guard.headers)) {
    // The page has a policy of its own.
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

async function answerAdmitted(
  request: Request,
  head: RequestHead,
  { content, options: { allowedHosts, timeoutMs }, guard }: MountParts,
): Promise<Response> {
  let fixed = fixedAnswerOf(head, allowedHosts);
  if (fixed === HOST_NOT_ALLOWED) guard?.hostRefused();
  if (fixed === undefined && isChunked(head)) {
    fixed = await fetchContentRefusal(request, timeoutMs);
  }
  if (fixed !== undefined) return fixedResponse(fixed);
  if ("fixed" in content) return fixedResponse(await content.fixed(head));
  // What we may not compress, others may.
  return fetchScrape(request, content.scrape, keepsEncoding(request) ? content.headers : {});
}
