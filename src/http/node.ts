import type { IncomingMessage, ServerResponse } from "node:http";
import { LightSignal, type Signal } from "../abort.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { type RequestHead, scrapeRequestOf } from "./request-head.ts";
import { http2StreamOf } from "./reset.ts";
import { sendScrape } from "./send.ts";

/** What is known of a request of `node:http`, or of the compatibility API of `node:http2`. */
export function headOf({ method = "", url = "", headers }: IncomingMessage): RequestHead {
  return {
    method,
    target: url,
    header(name) {
      // RFC 9113 §8.3.1: in HTTP/2 the host is in the `:authority`.
      const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
      // Node joins a header that is sent twice with commas, or lists it.
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

/** Answers a scrape that came over HTTP; the rules of `Scrape` hold. */
export function answerScrape(
  request: IncomingMessage,
  response: ServerResponse,
  scrape: Scrape,
): Promise<void> {
  // Whoever has set it encodes what we write.
  const isEncoded = (response.getHeader("Content-Encoding") ?? "identity") !== "identity";
  const client = watchClient(request, response);
  const scrapeRequest = scrapeRequestOf(headOf(request), client, !isEncoded);
  return scrape(scrapeRequest, (answer, signal) => sendScrape(response, answer, signal));
}

const CLIENT_GONE = new Error("The client has disconnected");

/**
 * Makes a signal that aborts when the client has gone before it has the whole response.
 *
 * Five listeners by `once()` took 80 µs of a small scrape, so there are as few as can be, by `on()`.
 */
export function watchClient(request: IncomingMessage, response: ServerResponse): Signal {
  const client = new LightSignal();
  const onClose = () => {
    // Node itself finishes a response of HTTP/2 whose client has gone; it was not we who ended it.
    if (!response.writableEnded || !response.writableFinished) client.abort(CLIENT_GONE);
  };
  response.on("close", onClose);
  // A request that something has read to its end closes, too, and that is not the client's doing.
  const isCutOff = () => request.destroyed && !request.readableEnded;
  // A response has no such event while it waits behind another on its connection. (A request has
  // none once CONNECT came after it.)
  if (!response.socket) {
    request.on("close", () => {
      if (isCutOff()) onClose();
    });
  }
  if (isCutOff() || response.destroyed || http2StreamOf(response)?.destroyed) onClose();
  return client;
}
