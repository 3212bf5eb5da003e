import { type Body, chunksOf, isWhole } from "./exposition/body.ts";
import { gathererOf, type Source } from "./gatherers/gatherer-of.ts";
import { createLog, type Log } from "./log.ts";
import type { RenderOptions, ResolvedRenderOptions } from "./options/options.ts";
import { resolveRenderOptions } from "./options/rules.ts";
import { createScrapeHandler } from "./scrape/scrape.ts";

/** An exposition in memory. */
export interface Rendered {
  // Newer types of `fetch` take only `Uint8Array<ArrayBuffer>`, which TypeScript cannot write before
  // 5.7; this names the same type in every version.
  /** The bytes of the exposition. */
  readonly body: ReturnType<Uint8ArrayConstructor["of"]>;
  /** The `Content-Type` of the body. */
  readonly contentType: string;
  /** The `Content-Encoding` of the body; `undefined` when it is not compressed. */
  readonly contentEncoding: string | undefined;
}

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
 * const { body, contentType } = await render(register);
 * await fetch(pushgateway, { method: "PUT", body, headers: { "Content-Type": contentType } });
 * ```
 */
export async function render(
  source: Source | readonly Source[],
  options?: RenderOptions,
): Promise<Rendered> {
  const resolved = resolveRenderOptions(options);
  const handler = createScrapeHandler(
    gathererOf(source),
    { ...resolved, selfMetrics: false },
    logOf(resolved),
  );
  // The deadline's own timer does not keep the process alive, but the caller awaits this.
  const keepAlive = setInterval(() => {}, resolved.timeoutMs);
  try {
    const { headers, body, end } = await handler.expose(resolved);
    try {
      return {
        body: await collect(body),
        contentType: headers["Content-Type"] ?? "",
        contentEncoding: headers["Content-Encoding"],
      };
    } finally {
      end();
    }
  } finally {
    clearInterval(keepAlive);
    handler.close();
  }
}

/** A failure that the caller gets is not logged; what was left out is. */
function logOf({ logger, errorHandling }: ResolvedRenderOptions): Log {
  const log = createLog(logger);
  return errorHandling === "fail" ? { ...log, error() {} } : log;
}

async function collect(body: Body): Promise<Rendered["body"]> {
  if (isWhole(body)) return Buffer.concat([body]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
