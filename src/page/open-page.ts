/**
 * The page for people: what a process exports, who scrapes it, and how the collectors do.
 *
 * It answers requests as a scrape does, so whatever sends scrapes sends the page, too. Its code is
 * loaded when it is first opened. `answer-page.ts` chooses by the query what to show. All of it is at
 * one path, because a mount does not know any other. `overview.ts` surveys the families, `measure/`
 * counts them in slices of the event loop, `markup/` writes, and escapes every text. `browser/` is what
 * runs in the browser; without it the page still shows everything but live values. Nothing here is
 * counted as a scrape, and no error is ever shown.
 */
import { LightSignal, OVER } from "../abort.ts";
import type { Scrape, ScrapeResponse } from "../scrape/exchange.ts";
import type { PageContext } from "./answer-page.ts";

/** Makes the function that answers requests for the page. HEAD gathers nothing. */
export function createPage(context: PageContext): Scrape {
  return async (request) => {
    try {
      const { answerPage } = await import("./answer-page.ts");
      return await answerPage(context, request);
    } catch (error) {
      context.log.error(CANNOT_SEND, error);
      return plainFailure();
    }
  };
}

/** The log line of a page that could not be sent. */
const CANNOT_SEND = "Cannot send the page";

function plainFailure(): ScrapeResponse {
  const signal = new LightSignal();
  const headers = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
  const body = Buffer.from("The page could not be made. See the process log.\n");
  return { status: 500, headers, body, signal, end: () => signal.abort(OVER) };
}
