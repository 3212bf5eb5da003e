/**
 * The page at `/`: counts what is exported, and shows it to a person.
 *
 * A survey runs the collectors as a scrape does; `measure-families.ts` counts series and label values
 * in slices of the event loop, and keeps only the largest families. `page.ts` writes the markup, of
 * which `html.ts` escapes every text. The page is sent no faster than its client reads it. It is loaded
 * when it is first opened, is not counted as a scrape, and never shows a value or an error.
 */
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import { startBody } from "../exposition/body.ts";
import { ChunkReader } from "../exposition/chunk-reader.ts";
import { type Headers, sendScrape } from "../http/send.ts";
import type { Log } from "../log.ts";
import type { ScrapeResponse, TakeSurvey, Unavailable } from "../scrape/exchange.ts";
import type { Html } from "./html.ts";
import { takeOverview } from "./overview.ts";
import { landingPage } from "./page.ts";

/**
 * Answers a request for the page. HEAD gathers nothing.
 *
 * @param client Aborts when the client disconnects.
 * @throws What kept the page from being sent.
 */
export async function sendLandingPage(
  response: ServerResponse,
  { metricsPath, survey, log }: PageContext,
  client: Signal,
): Promise<void> {
  const nonce = randomBytes(16).toString("base64");
  const headers = headersOf(nonce);
  if (response.req.method === "HEAD") {
    await send(response, { status: 200, headers, body: new Uint8Array(), signal: client });
    return;
  }
  const taken = await takeOverview(survey, client, log);
  if (taken === undefined) return;
  const { overview, signal, end } = taken;
  try {
    const parts = landingPage({ overview, metricsPath, nonce, date: new Date() });
    // As with a scrape: in slices of the event loop, and no faster than the client reads.
    const body = await startBody(new ChunkReader(encode(parts), signal));
    const status = typeof overview === "string" ? STATUS[overview] : 200;
    const retry = overview === "busy" && { "Retry-After": "1" };
    await send(response, { status, headers: { ...headers, ...retry }, body, signal });
  } finally {
    end();
  }
}

/** What the page needs of its server. */
export interface PageContext {
  readonly metricsPath: string;
  readonly survey: TakeSurvey;
  readonly log: Log;
}

async function send(response: ServerResponse, answer: Omit<ScrapeResponse, "end">): Promise<void> {
  let failure: readonly [error?: unknown] = [];
  const end: ScrapeResponse["end"] = (...given) => {
    failure = given;
  };
  await sendScrape(response, { ...answer, end });
  if (failure.length > 0) throw failure[0];
}

const STATUS = { busy: 503, late: 503, failed: 500 } as const satisfies Record<Unavailable, number>;

/** The policy allows the page only its own style and script, known by their nonce. */
function headersOf(nonce: string): Headers {
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
