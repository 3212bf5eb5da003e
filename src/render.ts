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
  /**
   * The exposition as a string, decoded when it is first read.
   *
   * @throws {TypeError} When the body is not text: protobuf, or compressed.
   */
  readonly text: string;
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
 * const { body, contentType, text } = await render(register);
 * assert.match(text, /^jobs_total 1$/m);
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
      return withText({
        body: await collect(body),
        contentType: headers["Content-Type"] ?? "",
        contentEncoding: headers["Content-Encoding"],
      });
    } finally {
      end();
    }
  } finally {
    clearInterval(keepAlive);
    handler.close();
  }
}

/** Adds the text. It is not enumerable, so that copying or comparing a result does not decode it. */
function withText(rendered: Omit<Rendered, "text">): Rendered {
  let text: string | undefined;
  const get = () => {
    text ??= decode(rendered);
    return text;
  };
  // `defineProperty()` does not tell the compiler what it adds.
  return Object.defineProperty(rendered, "text", { get }) as Rendered;
}

function decode({ body, contentType, contentEncoding }: Omit<Rendered, "text">): string {
  const isText = /^(text\/plain|application\/openmetrics-text)\b/.test(contentType);
  const reason = contentEncoding ?? (isText ? undefined : contentType);
  if (reason !== undefined) throw new TypeError(`Cannot read the body as text: it is ${reason}`);
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
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
