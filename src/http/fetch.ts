import { LightSignal, type Signal } from "../abort.ts";
import { type BodyStream, chunksOf } from "../exposition/body.ts";
import type { Respond, Scrape, ScrapeResponse } from "../scrape/exchange.ts";
import { type FixedAnswer, type RequestHead, scrapeRequestOf } from "./request-head.ts";
import { CUT_OFF } from "./reset.ts";
import { COMMON_HEADERS } from "./send.ts";

/** What is known of a request of the Fetch API. */
export function fetchHeadOf({ method, url, headers }: Request): RequestHead {
  return {
    method,
    target: url,
    // The header may be missing where a request has not come over the network.
    header: (name) => headers.get(name) ?? (name === "host" ? hostOf(url) : undefined),
  };
}

function hostOf(url: string): string | undefined {
  return /^\w+:\/\/([^/?#]*)/.exec(url)?.[1];
}

/** Makes the response of an answer that is always the same. */
export function fixedResponse({ status, text, headers }: FixedAnswer): Response {
  // The connection is the runtime's business, and Node's `fetch` refuses a body with 204.
  const { Connection: _, ...others } = headers ?? {};
  const type = text !== "" && { "Content-Type": "text/plain; charset=utf-8" };
  return new Response(text === "" ? null : text, {
    status,
    headers: { ...type, ...COMMON_HEADERS, ...others },
  });
}

/**
 * Answers a scrape that came through the Fetch API. It resolves when the head of the response is
 * known, and never rejects.
 */
export function fetchScrape(request: Request, scrape: Scrape): Promise<Response> {
  const client = new LightSignal();
  const leave = () => client.abort(request.signal.reason);
  request.signal.addEventListener("abort", leave);
  if (request.signal.aborted) leave();
  return new Promise((resolve) => {
    const respond: Respond = async (answer, signal) => {
      if (request.method === "HEAD") resolve(responseOf(answer, null));
      else if (answer.body instanceof Uint8Array) resolve(wholeResponse(answer, answer.body));
      else {
        const { stream, sent } = streamOf(answer.body, signal, leave);
        resolve(responseOf(answer, stream));
        await sent;
      }
    };
    void scrape(scrapeRequestOf(fetchHeadOf(request), client), respond).then(() => {
      request.signal.removeEventListener("abort", leave);
      // It was not answered when the client has left: nobody will read this, but servers log it.
      resolve(new Response(null, { status: client.aborted ? CLIENT_CLOSED_REQUEST : 500 }));
    });
  });
}

/** What nginx made known for a request whose client did not wait. */
const CLIENT_CLOSED_REQUEST = 499;

function wholeResponse(answer: ScrapeResponse, bytes: Uint8Array): Response {
  // The types of browsers refuse shared memory, which no body of ours is in.
  const body = bytes as Uint8Array<ArrayBuffer>;
  return responseOf(answer, body, { "Content-Length": `${body.length}` });
}

function responseOf(
  { status, headers }: ScrapeResponse,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
  length?: Readonly<Record<string, string>>,
): Response {
  return new Response(body, { status, headers: { ...headers, ...COMMON_HEADERS, ...length } });
}

/** A body on its way through a stream. */
interface Streamed {
  readonly stream: ReadableStream<Uint8Array>;
  /** Settles when all of it was taken, and rejects when the stream broke off. */
  readonly sent: Promise<void>;
}

/**
 * Makes a stream of a body, which is made no faster than somebody reads the stream. When the body
 * throws, or the signal aborts, the stream fails: only that keeps a runtime from ending the response
 * in order. It fails with an error of ours, because there are runtimes that show it to the client.
 *
 * @param onCancel Called when nobody reads it any more.
 */
function streamOf(body: BodyStream, signal: Signal, onCancel: () => void): Streamed {
  const chunks = chunksOf(body);
  let done = (): void => {};
  let fail = (_error: unknown): void => {};
  const sent = new Promise<void>((resolve, reject) => {
    [done, fail] = [resolve, reject];
  });
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onAbort = () => {
          fail(signal.reason);
          // Its own failure is that of a body that nobody wants any more.
          chunks.return().catch(() => {});
          // A runtime that has lost its client would log the error, and now cancels the stream first.
          setImmediate(() => controller.error(new Error(CUT_OFF)));
        };
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
      },
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (signal.aborted) return;
          if (!next.done) {
            // Its memory is used again for the next chunk, and the reader may not be done with it.
            controller.enqueue(Uint8Array.from(next.value));
            return;
          }
          controller.close();
          done();
        } catch (error) {
          if (signal.aborted) return;
          fail(error);
          controller.error(new Error(CUT_OFF));
        }
      },
      cancel: onCancel,
    },
    // A chunk is made when somebody asks for it, and not before.
    { highWaterMark: 0 },
  );
  return { stream, sent };
}
