import type { Sources } from "./model/gatherer.ts";
import type { Rendered, RenderOptions } from "./options/options.ts";

/**
 * Gathers once, and renders what a scraper would get: for tests, and to push. To answer scrapes, use
 * `createHandler()`, which streams, and keeps what it can.
 *
 * @throws {TypeError} For arguments of a wrong type.
 * @throws {RangeError} For options that are out of range.
 * @throws {GatherError} When a collector fails (code `ERR_PROMHTTP_GATHER`).
 * @throws {ScrapeTimeoutError} When it takes longer than the option `timeoutMs` (code
 *   `ERR_PROMHTTP_SCRAPE_TIMEOUT`).
 *
 * @example
 * ```ts
 * const { body, contentType, text } = await render(register);
 * assert.match(text, /^jobs_total 1$/m);
 * await fetch(pushgateway, { method: "PUT", body, headers: { "Content-Type": contentType } });
 * ```
 */
export async function render(source: Sources, options?: RenderOptions): Promise<Rendered> {
  const { renderOnce } = await import("./render-once.ts");
  return renderOnce(source, options);
}
