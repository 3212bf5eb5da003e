/**
 * Which part of this thread reports a source to a group. A registry may be served by a server and by a
 * handler, and both may be in one group: then the first reports it, so that nothing is counted twice.
 */

/** Who reports each source, in each group, for all copies of this package that the thread has loaded. */
const REPORTERS = Symbol.for("promhttp.reporters");

interface Reporters {
  /** How many parts there were in this thread. */
  parts: number;
  readonly groups: Map<string, WeakMap<object, Reporter>>;
}

interface Reporter {
  readonly part: object;
  /** How many parts there were when it was closed; `undefined` until then. */
  partsAtEnd: number | undefined;
}

/** What one part of this thread reports to its group. */
export class Reported {
  readonly #shared: Reporters;
  readonly #reporters: WeakMap<object, Reporter>;
  readonly #number: number;
  readonly #own = new Set<Reporter>();

  /** @param key That of the group. */
  constructor(key: string) {
    const global: typeof globalThis & { [REPORTERS]?: Reporters } = globalThis;
    global[REPORTERS] ??= { parts: 0, groups: new Map() };
    this.#shared = global[REPORTERS];
    this.#number = this.#shared.parts++;
    this.#reporters = this.#shared.groups.get(key) ?? new WeakMap();
    this.#shared.groups.set(key, this.#reporters);
  }

  /** Whether this part reports a source: the first that has asked does. */
  has(source: object): boolean {
    const { part, partsAtEnd = Number.POSITIVE_INFINITY } = this.#reporters.get(source) ?? {};
    if (part === this) return true;
    // What a part has reported stays when it is closed, so those beside it must not report that again.
    if (part !== undefined && this.#number < partsAtEnd) return false;
    const reporter: Reporter = { part: this, partsAtEnd: undefined };
    this.#reporters.set(source, reporter);
    this.#own.add(reporter);
    return true;
  }

  /** Leaves its sources to parts that are made from now on. */
  close(): void {
    for (const reporter of this.#own) reporter.partsAtEnd = this.#shared.parts;
  }
}
