import {
  fetchContentRefusal,
  fetchHeadOf,
  fetchScrape,
  fixedResponse,
  keepsEncoding,
} from "../http/fetch.ts";
import type { FixedAnswer } from "../http/fixed-answers.ts";
import { fixedAnswerOf, isChunked, type RequestHead } from "../http/request-head.ts";
import type { Headers } from "../http/send.ts";
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
  | { readonly fixed: (head: RequestHead) => MaybePromise<FixedAnswer> };

/**
 * Answers a request of the Fetch API. It is loaded with the first one: most processes get none.
 *
 * @throws What the host throws when its request is read, and what `content` throws.
 */
export async function answerFetch(
  request: Request,
  content: Content,
  { allowedHosts, timeoutMs }: Pick<ResolvedHandlerOptions, "allowedHosts" | "timeoutMs">,
): Promise<Response> {
  const head = fetchHeadOf(request);
  let fixed = fixedAnswerOf(head, allowedHosts);
  if (fixed === undefined && isChunked(head)) {
    fixed = await fetchContentRefusal(request, timeoutMs);
  }
  if (fixed !== undefined) return fixedResponse(fixed);
  if ("fixed" in content) return fixedResponse(await content.fixed(head));
  // What we may not compress, others may.
  return fetchScrape(request, content.scrape, keepsEncoding(request) ? content.headers : {});
}
