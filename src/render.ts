import { LightSignal } from "./abort.ts";
import { type Body, chunksOf } from "./exposition/body.ts";
import { createExposer } from "./exposition/expose.ts";
import { gathererOf, type Source } from "./gatherers/gatherer-of.ts";
import { createLog } from "./log.ts";
import type { RenderOptions } from "./options/options.ts";
import { resolveRenderOptions } from "./options/rules.ts";
import { Alarm } from "./scrape/alarm.ts";
import { startDeadline } from "./scrape/deadline.ts";
import { EVERY_NAME } from "./scrape/name-filter.ts";
import { createCycle, createReporter, exposerContext } from "./scrape/scrape.ts";
import { SelfMetrics } from "./scrape/self-metrics.ts";
import { UpdateLock } from "./scrape/update-lock.ts";

/** An exposition in memory. */
export interface Rendered {
  // With its type of memory, because the types of a browser's `fetch` take no other.
  /** The bytes of the exposition. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The `Content-Type` of the body. */
  readonly contentType: string;
  /** The `Content-Encoding` of the body; `undefined` when it is not compressed. */
  readonly contentEncoding: string | undefined;
}

/**
 * Gathers once, and renders what a scraper would get: for tests, and to push. A server that does so
 * for each scrape is better made with `createHandler()`, which streams, and keeps what it can.
 *
 * @throws {TypeError} For arguments of a wrong type.
 * @throws {RangeError} For options that are out of range.
 * @throws {GatherError} When a collector fails (code `ERR_PROMHTTP_GATHER`).
 * @throws {ScrapeTimeoutError} When it takes longer than the option `timeoutMs` (code
 *   `ERR_PROMHTTP_SCRAPE_TIMEOUT`).
 *
 * @example
 * ```ts
 * const { body, contentType } = await render(register);
 * await fetch(pushgateway, { method: "PUT", body, headers: { "Content-Type": contentType } });
 * ```
 */
export async function render(
  source: Source | readonly Source[],
  options?: RenderOptions,
): Promise<Rendered> {
  const resolved = resolveRenderOptions(options);
  const log = createLog(resolved.logger);
  const self = new SelfMetrics();
  const report = createReporter(self, log);
  const cycle = createCycle(gathererOf(source), resolved, { self, log, report });
  const exposer = createExposer(
    resolved,
    exposerContext({ self, log, report, lock: new UpdateLock() }),
  );
  const alarm = new Alarm();
  const deadline = startDeadline(resolved.timeoutMs, new LightSignal(), alarm);
  // The deadline's own timer does not keep the process alive, but somebody awaits this.
  const keepAlive = setTimeout(() => {}, resolved.timeoutMs);
  try {
    const families = await cycle.gather(deadline, EVERY_NAME);
    const { headers, body } = await exposer.expose(
      { families, selection: "" },
      resolved,
      deadline.signal,
    );
    return {
      body: await collect(body),
      contentType: headers["Content-Type"] ?? "",
      contentEncoding: headers["Content-Encoding"],
    };
  } finally {
    clearTimeout(keepAlive);
    deadline.clear();
    alarm.close();
  }
}

async function collect(body: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (body instanceof Uint8Array) return Buffer.concat([body]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
