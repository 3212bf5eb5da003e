import { unlessAborted } from "../../../abort.ts";
import { type Body, chunksOf, isWhole } from "../../../exposition/body.ts";
import type { Scrape, ScrapeRequest } from "../../../scrape/exchange.ts";
import type { SentResponse } from "../messages.ts";

/**
 * Lets a probe answer a request, and reads the whole response.
 *
 * @returns `undefined` if its client disconnected first.
 * @throws What reading the body throws, and the signal's reason when the request's time is over.
 */
export async function answerProbe(
  scrape: Scrape,
  request: ScrapeRequest,
): Promise<SentResponse | undefined> {
  const response = await scrape(request);
  if (response === undefined) return undefined;
  const { status, headers, signal, end } = response;
  try {
    const body = await unlessAborted(read(response.body), signal);
    end();
    return { status, headers, body };
  } catch (error) {
    end(error);
    throw error;
  }
}

/** Copies a body: its memory belongs to the next response. */
async function read(body: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (isWhole(body)) return new Uint8Array(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(new Uint8Array(chunk));
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
