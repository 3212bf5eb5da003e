import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import { startBody } from "../exposition/body.ts";
import { ChunkReader } from "../exposition/chunk-reader.ts";
import { sendScrape } from "../http/send.ts";
import type { Html } from "./html.ts";
import type { AnswerOverview, Unavailable } from "./overview.ts";
import { landingPage } from "./page.ts";

/**
 * Answers a request for the page. One for its head gathers nothing.
 *
 * @param client Aborts when the client has gone.
 */
export async function sendLandingPage(
  response: ServerResponse,
  metricsPath: string,
  answerOverview: AnswerOverview,
  client: Signal,
): Promise<void> {
  const nonce = randomBytes(16).toString("base64");
  const headers = headersOf(nonce);
  if (response.req.method === "HEAD") {
    await sendScrape(response, { status: 200, headers, body: new Uint8Array() }, client);
    return;
  }
  await answerOverview(client, async (overview, signal) => {
    const parts = landingPage({ overview, metricsPath, nonce, date: new Date() });
    // As with a scrape: in turns with the event loop, and no faster than the client reads.
    const body = await startBody(new ChunkReader(encode(parts), signal));
    const status = typeof overview === "string" ? STATUS[overview] : 200;
    const retry = overview === "busy" && { "Retry-After": "1" };
    await sendScrape(response, { status, headers: { ...headers, ...retry }, body }, signal);
  });
}

const STATUS = { busy: 503, late: 503, failed: 500 } as const satisfies Record<Unavailable, number>;

/** The page is trusted with nothing but its own style and script, known by their nonce. */
function headersOf(nonce: string): Readonly<Record<string, string>> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy":
      `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
  };
}

/** The size of a chunk, in UTF-16 code units: about 20 rows. */
const CHUNK_LENGTH = 16 * 1_024;

function* encode(parts: Iterable<Html>): Generator<Uint8Array, void, undefined> {
  let text = "";
  for (const { markup } of parts) {
    text += markup;
    if (text.length < CHUNK_LENGTH) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}
