import { type Body, chunksOf, isWhole } from "./exposition/body.ts";
import { gathererOf } from "./gatherers/gatherer-of.ts";
import { createLog, type Log } from "./log.ts";
import type { Sources } from "./model/gatherer.ts";
import type { Rendered, RenderOptions, ResolvedRenderOptions } from "./options/options.ts";
import { resolveRenderOptions } from "./options/render-rules.ts";
import { expose } from "./scrape/expose.ts";
import { createScrapeHandler } from "./scrape/scrape.ts";

/** Does the work of `render()`. It is loaded with the first call: a process that serves renders nothing. */
export async function renderOnce(source: Sources, options?: RenderOptions): Promise<Rendered> {
  const resolved = resolveRenderOptions(options);
  const handler = createScrapeHandler(
    gathererOf(source),
    { ...resolved, selfMetrics: false },
    logOf(resolved),
  );
  // The deadline's own timer does not keep the process alive, but the caller awaits this.
  const keepAlive = setInterval(() => {}, resolved.timeoutMs);
  try {
    const { headers, body, end } = await expose(handler.parts, resolved);
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
