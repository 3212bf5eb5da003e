/**
 * Which part of this thread reports a source to a group. A registry may be served by a server and by a
 * handler, and both may be in one group: then the first reports it, so that nothing is counted twice. When that
 * one is closed, another goes on with what has been counted since.
 */
import type { Snapshot } from "../../gatherers/remote/snapshot.ts";

/** What a group retains of a source that a part of this thread has reported. */
export interface Retained extends Pick<Snapshot, "layout" | "order" | "numbers"> {
  /** Which totals it is part of (`Ledger.era`); `undefined` if no hub has said so. */
  readonly era: string | undefined;
}

/** What is known of each source, in each group, for all copies of this package that the thread has loaded. */
const SOURCES = Symbol.for("promhttp.sources");

interface KnownSource {
  /** The part that reports it. */
  part: object | undefined;
  retained: Retained | undefined;
}

/** What one part of this thread reports to its group. */
export class Reported {
  readonly #sources: WeakMap<object, KnownSource>;
  readonly #own = new Map<object, KnownSource>();
  #isClosed = false;

  /** @param key That of the group. */
  constructor(key: string) {
    const global: typeof globalThis & { [SOURCES]?: Map<string, WeakMap<object, KnownSource>> } =
      globalThis;
    global[SOURCES] ??= new Map();
    this.#sources = global[SOURCES].get(key) ?? new WeakMap();
    global[SOURCES].set(key, this.#sources);
  }

  /** Whether this part reports a source: the first that has asked does. */
  has(source: object): boolean {
    const known = this.#sources.get(source) ?? { part: undefined, retained: undefined };
    if (known.part !== undefined || this.#isClosed) return known.part === this;
    known.part = this;
    this.#sources.set(source, known);
    this.#own.set(source, known);
    return true;
  }

  /** Those that it reports, with what is retained of them. */
  sources(): ReadonlyMap<object, { readonly retained: Retained | undefined }> {
    return this.#own;
  }

  /** Notes what is retained of a source when this part is closed. */
  retain(source: object, retained: Retained): void {
    const known = this.#own.get(source);
    if (known !== undefined) known.retained = retained;
  }

  /** Leaves its sources to other parts. */
  close(): void {
    this.#isClosed = true;
    for (const known of this.#own.values()) known.part = undefined;
    this.#own.clear();
  }
}
