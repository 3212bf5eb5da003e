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
import type { Scrape } from "../scrape/exchange.ts";
import { textResponse } from "../scrape/failure.ts";
import type { PageContext } from "./answer-page.ts";

/** Makes the function that answers requests for the page. HEAD gathers nothing. */
export function createPage(context: PageContext): Scrape {
  return async (request) => {
    try {
      const { answerPage } = await import("./answer-page.ts");
      return await answerPage(context, request);
    } catch (error) {
      context.log.error(CANNOT_SEND, error);
      const { alarm } = context.scrapeHandler.parts;
      return textResponse(FAILURE, request.signal, { alarm, log: context.log }, () => {});
    }
  };
}

const FAILURE = {
  status: 500,
  text: "The page could not be made. See the process log.\n",
} as const;

/** The log line of a page that could not be sent. */
const CANNOT_SEND = "Cannot send the page";
