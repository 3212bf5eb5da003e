import { LightSignal } from "../abort.ts";
import { type BodyStream, chunksOf, isWhole } from "../exposition/body.ts";
import { isBundledByNext } from "../node.ts";
import type { Scrape, ScrapeResponse, Sending } from "../scrape/exchange.ts";
import { callSoon } from "../timers.ts";
import { within } from "./content.ts";
import { type FixedAnswer, HAS_BODY, REQUEST_TIMEOUT } from "./fixed-answers.ts";
import { type RequestHead, scrapeRequestOf } from "./request-head.ts";
import { CUT_OFF } from "./reset.ts";
import { allHeaders, type Headers } from "./send.ts";

/** Reads the head of a request of the Fetch API. */
export function fetchHeadOf({ method, url, headers }: Request): RequestHead {
  return {
    method,
    target: url,
    remoteAddress: undefined,
    // The header may be missing where a request has not come over the network.
    header: (name) => headers.get(name) ?? (name === "host" ? hostOf(url) : undefined),
  };
}

function hostOf(url: string): string | undefined {
  return /^\w+:\/\/([^/?#]*)/.exec(url)?.[1];
}

/**
 * Whether a response reaches its client with the header that says how it is encoded. Next.js drops
 * that header from what a route handler returns, and keeps the body. Where this code is not bundled,
 * its requests show themselves.
 */
export function keepsEncoding(request: Request): boolean {
  return !isBundledByNext() && !("nextUrl" in request);
}

/** Does what `contentRefusal()` does for a request of the Fetch API. */
export function fetchContentRefusal(
  { body, bodyUsed }: Request,
  timeoutMs: number,
): Promise<FixedAnswer | undefined> {
  // Most runtimes drop the content of a GET themselves.
  if (!body || bodyUsed || body.locked) return Promise.resolve(undefined);
  const reader = body.getReader();
  const stop = (): void => {
    // Ignore its rejection: nobody reads this body any more.
    reader.cancel().catch(() => {});
  };
  return within(timeoutMs, async (resolve) => {
    const read = async (): Promise<FixedAnswer | undefined> => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        if (value.byteLength > 0) return HAS_BODY;
      }
    };
    resolve(await read().catch(() => REQUEST_TIMEOUT));
  }).finally(stop);
}

/** Makes the response of an answer that is always the same. */
export function fixedResponse({ status, text, headers, challenges = [] }: FixedAnswer): Response {
  // The runtime manages the connection, and Node's `fetch` refuses a body with 204.
  const { Connection: _, ...others } = headers ?? {};
  const type = text !== "" && { "Content-Type": "text/plain; charset=utf-8" };
  const init = { status, headers: allHeaders({ ...type, ...others }) };
  const response = new Response(text === "" ? null : text, init);
  for (const challenge of challenges) response.headers.append("WWW-Authenticate", challenge);
  return response;
}

/** Makes a response that no client will read, or that must not say why. */
function emptyResponse(status: number): Response {
  return new Response(null, { status, headers: allHeaders({}) });
}

/**
 * Answers a scrape that came through the Fetch API. It resolves when the head of the response is
 * known, and never rejects.
 *
 * @param headers Replace those of the scrape's response.
 */
export async function fetchScrape(
  request: Request,
  scrape: Scrape,
  headers: Headers = {},
): Promise<Response> {
  const client = new LightSignal();
  const disconnect = () => client.abort(request.signal.reason);
  request.signal.addEventListener("abort", disconnect);
  if (request.signal.aborted) disconnect();
  const stopWatching = () => request.signal.removeEventListener("abort", disconnect);

  const mayCompress = keepsEncoding(request);
  const answer = await scrape(scrapeRequestOf(fetchHeadOf(request), client, mayCompress));
  if (answer === undefined) {
    stopWatching();
    // No client will read this, but servers log it.
    return emptyResponse(CLIENT_CLOSED_REQUEST);
  }
  answer.signal.addEventListener("abort", stopWatching);
  try {
    return respond(request, { ...answer, headers: { ...answer.headers, ...headers } }, disconnect);
  } catch (error) {
    answer.end(error);
    return emptyResponse(500);
  }
}

/** The status that nginx established for a request whose client did not wait. */
const CLIENT_CLOSED_REQUEST = 499;

/** @param onCancel Called when the reader of the body stops before its end. */
function respond(request: Request, answer: ScrapeResponse, onCancel: () => void): Response {
  const { status, headers, body } = answer;
  const isHead = request.method === "HEAD";
  if (!isHead && !isWhole(body)) {
    return new Response(streamOf(body, answer, onCancel), { status, headers: allHeaders(headers) });
  }
  // The types of browsers refuse shared memory, which no body of ours is in.
  const bytes = isHead ? null : (body as Uint8Array<ArrayBuffer>);
  const response = new Response(bytes, { status, headers: allHeaders(headers, bytes?.length) });
  // It has a copy of the body.
  answer.end();
  return response;
}

/**
 * Makes a stream of a body that is read no faster than the stream is. When the body throws or the
 * signal aborts, the stream fails: only that keeps a runtime from ending the response in order. It
 * fails with an error of ours, because some runtimes show it to the client.
 */
function streamOf(
  body: BodyStream,
  { signal, end }: Sending,
  onCancel: () => void,
): ReadableStream<Uint8Array> {
  const chunks = chunksOf(body);
  let cutOff = (): void => {};
  const finish = (...failure: [error?: unknown]): void => {
    signal.removeEventListener("abort", cutOff);
    end(...failure);
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cutOff = () => {
          // Ignore its rejection: nobody reads this body any more.
          chunks.return().catch(() => {});
          // A runtime cancels the stream when its client disconnects, and would log an error before that.
          callSoon(() => controller.error(new Error(CUT_OFF)));
        };
        signal.addEventListener("abort", cutOff);
        if (signal.aborted) cutOff();
      },
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (signal.aborted) return;
          if (!next.done) {
            // The next chunk reuses its memory, and the reader may not be done with it.
            controller.enqueue(Uint8Array.from(next.value));
            return;
          }
          controller.close();
          finish();
        } catch (error) {
          if (signal.aborted) return;
          controller.error(new Error(CUT_OFF));
          finish(error);
        }
      },
      cancel: onCancel,
    },
    // A chunk is made only when it is asked for.
    { highWaterMark: 0 },
  );
}
