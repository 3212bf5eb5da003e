import type { FaultReporter } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { FamilyEncoder, TextSink } from "./encoder.ts";
import { formatNumber } from "./number.ts";
import type { FamilyPages, PageStore } from "./page-store.ts";

/**
 * The size of a chunk, in UTF-16 code units or bytes. A string that is much longer lives on the
 * heap long enough to cost more in garbage collection than in encoding.
 */
export const CHUNK_LENGTH: number = 64 * 1_024;

/** Collects text and pages, and gives them out as chunks of bytes. */
class ByteSink implements TextSink {
  #text = "";
  #parts: Uint8Array[] = [];
  #partsLength = 0;

  get isFull(): boolean {
    return this.#partsLength + this.#text.length >= CHUNK_LENGTH;
  }

  get isEmpty(): boolean {
    return this.#partsLength + this.#text.length === 0;
  }

  text(text: string): void {
    this.#text += text;
  }

  number(value: number): void {
    this.#text += formatNumber(value);
  }

  /** Adds bytes that may change after the next `take()`. */
  bytes(bytes: Uint8Array): void {
    this.#endText();
    this.#parts.push(bytes);
    this.#partsLength += bytes.length;
  }

  /** Takes the bytes of all that was written since the last call. */
  take(): Uint8Array {
    // A lone surrogate becomes U+FFFD here: what we send is always valid UTF-8.
    if (this.#parts.length === 0) return this.#takeText();
    this.#endText();
    const chunk = Buffer.concat(this.#parts, this.#partsLength);
    this.#parts = [];
    this.#partsLength = 0;
    return chunk;
  }

  #takeText(): Uint8Array {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    return bytes;
  }

  #endText(): void {
    if (this.#text === "") return;
    const bytes = this.#takeText();
    this.#parts.push(bytes);
    this.#partsLength += bytes.length;
  }
}

/** What every text format is encoded with. */
export interface TextEncoding {
  /** What follows the last family. */
  readonly end: string;
  /** Hears of each metric that had to be left out. */
  readonly report: FaultReporter;
  /** Keeps the bytes for the next scrape. */
  readonly store: PageStore | undefined;
}

/** Encodes families in a text format, a chunk at a time. */
export function* encodeText(
  families: Iterable<readonly [MetricFamily, FamilyEncoder]>,
  { end, report, store }: TextEncoding,
): Generator<Uint8Array, void, undefined> {
  const sink = new ByteSink();
  for (const [family, encoder] of families) {
    sink.text(encoder.head);
    const pages = store?.pagesOf(encoder);
    if (pages === undefined) yield* encodeMetrics(family, encoder, sink, report);
    else yield* updatePages(family, encoder, pages, sink, report);
  }
  sink.text(end);
  if (!sink.isEmpty) yield sink.take();
}

const NOT_A_NUMBER = "a value is not a number";

function* encodeMetrics(
  family: MetricFamily,
  encoder: FamilyEncoder,
  sink: ByteSink,
  report: FaultReporter,
): Generator<Uint8Array, void, undefined> {
  for (const metric of family.metrics) {
    if (!encoder.encode(metric, sink)) report(family.name, NOT_A_NUMBER);
    if (sink.isFull) yield sink.take();
  }
}

/** Another scrape may walk the same pages between two chunks, but never within one page. */
function* updatePages(
  family: MetricFamily,
  encoder: FamilyEncoder,
  pages: FamilyPages,
  sink: ByteSink,
  report: FaultReporter,
): Generator<Uint8Array, void, undefined> {
  let pageIndex = 0;
  let page = pages.open(pageIndex);
  let index = 0;
  try {
    for (const metric of family.metrics) {
      if (page.isFull(index)) {
        page.close(index);
        pages.keep(pageIndex, page);
        sink.bytes(page.bytes);
        if (sink.isFull) yield sink.take();
        page = pages.open(++pageIndex);
        index = 0;
      }
      if (page.update(index, metric, encoder)) index++;
      else report(family.name, NOT_A_NUMBER);
    }
    page.close(index);
    pages.keep(pageIndex, page);
    pages.trim(pageIndex + 1);
    sink.bytes(page.bytes);
    if (sink.isFull) yield sink.take();
  } catch (error) {
    // A page may have been left half-written.
    pages.trim(0);
    throw error;
  }
}
