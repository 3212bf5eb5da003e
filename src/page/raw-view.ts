import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { Format } from "../options/options.ts";
import type { Scrape, ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";

/** What a browser cannot ask for by a link: the `Accept` of each format. */
const ACCEPT: Readonly<Record<Format, string>> = {
  "text-0.0.4": "text/plain;version=0.0.4",
  "text-1.0.0": "text/plain;version=1.0.0",
  "openmetrics-1.0.0": "application/openmetrics-text;version=1.0.0",
  "openmetrics-0.0.1": "application/openmetrics-text;version=0.0.1",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

/** Whether there is a raw view of this format. */
export function isFormat(format: string | null): format is Format {
  return format !== null && Object.hasOwn(ACCEPT, format);
}

/**
 * Scrapes for a person: the bytes are those that a scraper gets, as text that a browser shows, or as a
 * file. The scrape is within every limit of a scrape, and counts as the page's.
 *
 * @param format `undefined` lets the request's own `Accept` decide.
 */
export function rawView(
  scrape: Scrape,
  request: ScrapeRequest,
  format: Format | undefined,
): MaybePromise<ScrapeResponse | undefined> {
  const accept = format === undefined ? request.accept : ACCEPT[format];
  return andThen(scrape({ ...request, accept, isPage: true }), (response) => {
    if (response === undefined || format === undefined || response.status !== 200) return response;
    return { ...response, headers: { ...response.headers, ...headersFor(format) } };
  });
}

function headersFor(format: Format): Readonly<Record<string, string>> {
  return format === "protobuf"
    ? { "Content-Disposition": 'attachment; filename="metrics.pb"' }
    : { "Content-Type": "text/plain; charset=utf-8" };
}
