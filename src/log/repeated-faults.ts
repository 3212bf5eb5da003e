/** What is said of a fault that goes on, at most once in this time. */
const REMIND_MS = 60_000;

/** A fault that has not occurred for this long is over, whether or not anything says so. */
const SILENCE_MS = 600_000;

/** Faults are few; the bound is for names that come and go. */
const MAX_FAULTS = 1_000;

/** What faults have in common, and what tells them apart. */
export interface Topic {
  readonly kind: string;
  /** @default "" */
  readonly name?: string | undefined;
}

/** What to say about a fault that has occurred. */
export interface News {
  /** Whether it has just begun. */
  readonly isFirst: boolean;
  /** How often it has occurred since the last news. */
  readonly count: number;
  /** How long ago those were, in milliseconds. */
  readonly elapsedMs: number;
  /** Whether this origin of it was not in the news yet. */
  readonly isNewOrigin: boolean;
}

interface Fault<Details> extends Topic {
  details: Details;
  /** Whether the last news was that it occurs. */
  isOpen: boolean;
  toldAt: number;
  resolvedAt: number;
  lastAt: number;
  /** Occurrences since the last news, and since the first. */
  count: number;
  total: number;
  readonly origins: Set<string>;
}

/** The bound of what is remembered of one fault. */
const MAX_ORIGINS = 8;

/**
 * Remembers which faults go on, and decides what is news: that one begins, that it goes on, and that it
 * is over, each at most once a minute. One that comes and goes is news no more often than that either.
 */
export class RepeatedFaults<Details> {
  readonly #faults = new Map<string, Fault<Details>>();
  readonly #others: Fault<Details>;
  #forgotAt = Number.NEGATIVE_INFINITY;

  /** @param others What to say of faults that are too many to be remembered. */
  constructor(others: Details) {
    this.#others = newFault({ kind: "" }, others);
  }

  /** Takes note of a fault; calls `tell` if that is news. */
  occurred(
    topic: Topic,
    details: Details,
    origin: () => string,
    now: number,
    tell: (details: Details, news: News) => void,
  ): void {
    const fault = this.#find(topic, details, now);
    const isLongAgo = now - fault.lastAt >= SILENCE_MS;
    fault.lastAt = now;
    fault.count++;
    fault.total++;
    const elapsedMs = now - fault.toldAt;
    if (elapsedMs < REMIND_MS) return;
    if (!fault.isOpen && isLongAgo) fault.origins.clear();
    const { count } = fault;
    const isFirst = !fault.isOpen && count === 1;
    const isNewOrigin = fault !== this.#others && isNew(fault.origins, origin());
    Object.assign(fault, { isOpen: true, toldAt: now, count: 0 });
    if (fault !== this.#others) fault.details = details;
    tell(fault.details, { isFirst, count, elapsedMs, isNewOrigin });
  }

  /**
   * Takes note that nothing of a kind is at fault any more; calls `tell` for each fault that was, with
   * how often it had occurred.
   *
   * @param isFailing Tells which of that kind still is.
   */
  settled(
    kind: string,
    isFailing: (name: string) => boolean,
    now: number,
    tell: (details: Details, total: number) => void,
  ): void {
    for (const fault of this.#faults.values()) {
      if (!fault.isOpen || now - fault.resolvedAt < REMIND_MS) continue;
      const isOver = fault.kind === kind && !isFailing(fault.name ?? "");
      if (!isOver && now - fault.lastAt < SILENCE_MS) continue;
      const { details, total } = fault;
      Object.assign(fault, { isOpen: false, resolvedAt: now, count: 0, total: 0 });
      tell(details, total);
    }
  }

  /** Whether no fault was ever noted, so that none can be over. */
  get isEmpty(): boolean {
    return this.#faults.size === 0;
  }

  #find(topic: Topic, details: Details, now: number): Fault<Details> {
    const key = `${topic.kind}\n${topic.name ?? ""}`;
    const known = this.#faults.get(key);
    if (known !== undefined) return known;
    if (this.#faults.size >= MAX_FAULTS) this.#forget(now);
    if (this.#faults.size >= MAX_FAULTS) return this.#others;
    const fault = newFault(topic, details);
    this.#faults.set(key, fault);
    return fault;
  }

  /** Makes room; seldom, because it looks at all of them. */
  #forget(now: number): void {
    if (now - this.#forgotAt < REMIND_MS) return;
    this.#forgotAt = now;
    for (const [key, { lastAt }] of this.#faults) {
      if (now - lastAt >= SILENCE_MS) this.#faults.delete(key);
    }
  }
}

function newFault<Details>(topic: Topic, details: Details): Fault<Details> {
  const long = Number.NEGATIVE_INFINITY;
  return {
    ...topic,
    details,
    isOpen: false,
    toldAt: long,
    resolvedAt: long,
    lastAt: long,
    count: 0,
    total: 0,
    origins: new Set(),
  };
}

function isNew(origins: Set<string>, origin: string): boolean {
  if (origins.has(origin) || origins.size >= MAX_ORIGINS) return false;
  origins.add(origin);
  return true;
}
