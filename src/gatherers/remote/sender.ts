/**
 * Turns metric families into snapshots.
 *
 * A sender has one receiver and remembers what that was told: for each family its rows, and in which
 * order. So it sends label sets only where they have changed, and the numbers each time. It walks the
 * families as an encoder does, metric by metric or in runs, and yields where it may pause.
 *
 * A walk that is given up costs nothing: what it has described waits for the next snapshot.
 *
 * It keeps the label values and the numbers of each row, never a metric.
 */
import type { FaultReporter } from "../../model/gatherer.ts";
import { isReadOnce } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { FormerRows, FormerTotals } from "./former-totals.ts";
import { MAX_PART_BYTES, packed, type SizedChange } from "./sending/change-writer.ts";
import { Pace } from "./sending/pace.ts";
import { headBytes, SentFamily } from "./sending/sent-family.ts";
import type { FamilyHead, Snapshot } from "./snapshot.ts";

/** What a snapshot is taken for. */
export interface TakeOptions {
  /** Whether the families are only some of those that the worker has. */
  readonly isPartial: boolean;
  /** Called for each part of a family that cannot be sent. */
  readonly report: FaultReporter;
  /**
   * Whether a family whose metrics throw is left out; otherwise the error propagates.
   * @default false
   */
  readonly isLenient?: boolean;
  /**
   * Makes the memory of the numbers, which are written at once, without a pause.
   * @default new memory for each snapshot
   */
  readonly allocate?: (count: number) => Float64Array;
}

/** Takes snapshots for one receiver. */
export class Sender {
  readonly #families = new Map<string, SentFamily>();
  #nextId = 0;
  /** What the receiver has not been told. */
  #pending: SizedChange[] = [];
  readonly #former: () => readonly FormerTotals[];

  /** @param former What its receiver retains of the sources of the families; it is not told again. */
  constructor(former: () => readonly FormerTotals[] = () => []) {
    this.#former = former;
  }

  /**
   * Takes a snapshot; yields where it may pause. One at a time: the next may begin when this one has
   * ended, or was given up.
   */
  *take(
    families: Iterable<MetricFamily>,
    { isPartial, report, isLenient = false, allocate = newMemory }: TakeOptions,
  ): Generator<undefined, Snapshot, undefined> {
    const pace = new Pace();
    const former = this.#former();
    const taken = new Map<string, SentFamily | undefined>();
    for (const family of families) {
      const { name } = family;
      if (taken.has(name)) report(name, `another family is already called ${name}`);
      else {
        taken.set(name, undefined);
        try {
          const sent = yield* this.#update(family, (reason) => report(name, reason), pace);
          taken.set(name, sent);
          if (sent !== undefined && former.length > 0) yield* deduct(former, sent, pace);
        } catch (error) {
          if (!isLenient) throw error;
        }
      }
      if (pace.isOver(FAMILY_WORK)) yield;
    }
    // From here on nothing pauses.
    const sent = [...taken.values()].filter((family) => family !== undefined);
    if (!isPartial) {
      for (const [name, { head }] of this.#families) {
        if (taken.get(name) !== undefined) continue;
        this.#families.delete(name);
        for (const totals of former) totals.forget(head);
      }
    }
    const layout = packed(this.#pending);
    this.#pending = [];
    return {
      layout,
      order: sent.map(({ id }) => id),
      isPartial,
      numbers: numbersOf(sent, allocate),
    };
  }

  *#update(
    family: MetricFamily,
    report: (reason: string) => void,
    pace: Pace,
  ): Generator<undefined, SentFamily | undefined, undefined> {
    const known = this.#families.get(family.name);
    const whole = headOf(family);
    // To measure a head takes longer than to compare it.
    const head =
      known !== undefined && isSameHead(known.head, whole) ? whole : fitting(whole, report);
    if (head === undefined) return undefined;
    const isKept = known !== undefined && !known.isWorn && isSameHead(known.head, head);
    let sent = isKept ? known : this.#begin(head, family);
    for (;;) {
      const changes = yield* sent.update(family, report, pace);
      if (changes !== undefined) {
        this.#families.set(family.name, sent);
        for (const change of changes) this.#pending.push(change);
        return sent;
      }
      // Rare: the first timestamp of a family. All of it is sent anew, with both columns.
      sent = this.#begin({ ...head, hasTimestamps: true, hasStartTimestamps: true }, family);
    }
  }

  #begin(head: FamilyHead, { hasUniqueLabels, metrics }: MetricFamily): SentFamily {
    // Such metrics cannot be read again when one has a timestamp.
    const withColumns = { ...head, hasTimestamps: true, hasStartTimestamps: true };
    const isTrusting = hasUniqueLabels === true;
    return new SentFamily(this.#nextId++, isReadOnce(metrics) ? withColumns : head, isTrusting);
  }
}

/** What a family costs besides its metrics, in metrics. */
const FAMILY_WORK = 4;

/** Makes the head of a family without timestamps. */
function headOf(family: MetricFamily): FamilyHead {
  const { name, type } = family;
  // An author without a compiler that checks types may have given anything; encoders print texts only.
  const unit = typeof family.unit === "string" ? family.unit : undefined;
  const aggregator = "aggregator" in family ? aggregatorOf(family.aggregator) : undefined;
  return { name, help: family.help, type, unit: unit || undefined, aggregator };
}

/** Shortens a head that is too long; `undefined` for that of a family that cannot be sent. */
function fitting(head: FamilyHead, report: (reason: string) => void): FamilyHead | undefined {
  if (headBytes(head) <= MAX_PART_BYTES) return head;
  report("the help is too long to be sent to another process or thread");
  const short = { ...head, help: "" };
  return headBytes(short) <= MAX_PART_BYTES ? short : undefined;
}

function aggregatorOf(aggregator: unknown): string | undefined {
  if (typeof aggregator === "function") return "function";
  return typeof aggregator === "string" ? aggregator : undefined;
}

/** Whether a family has still the head that was sent, except for its columns. */
function isSameHead(sent: FamilyHead, head: FamilyHead): boolean {
  return (
    sent.name === head.name &&
    sent.help === head.help &&
    sent.type === head.type &&
    sent.unit === head.unit &&
    sent.aggregator === head.aggregator
  );
}

function newMemory(count: number): Float64Array {
  return new Float64Array(count);
}

function numbersOf(
  families: readonly SentFamily[],
  allocate: (count: number) => Float64Array,
): Float64Array {
  const count = families.reduce((total, { table }) => total + table.numberCount, 0);
  const numbers = allocate(count);
  let at = 0;
  for (const family of families) {
    family.writeNumbers(numbers, at);
    at += family.table.numberCount;
  }
  return numbers;
}

/** Prepares to deduct what the receiver has of a family already. */
function* deduct(
  former: readonly FormerTotals[],
  family: SentFamily,
  pace: Pace,
): Generator<undefined, void, undefined> {
  const sources: FormerRows[] = [];
  for (const totals of former) {
    const rows = yield* totals.rowsOf(family.head, pace);
    if (rows !== undefined) sources.push(rows);
  }
  yield* family.deduct(sources, pace);
}

/**
 * Takes a whole snapshot of what only grows, without a pause: for exit handlers, which cannot wait. Its receiver
 * has been told nothing of it before. A family that cannot be read is left out.
 *
 * @param former As for a sender.
 * @param isTotal Which families besides counters and histograms only grow.
 */
export function totalsOf(
  families: Iterable<MetricFamily>,
  former: readonly FormerTotals[] = [],
  isTotal: (family: MetricFamily) => boolean = () => false,
): Snapshot {
  const totals = [...families].filter(
    (family) => family.type === "counter" || family.type === "histogram" || isTotal(family),
  );
  const sender = new Sender(() => former);
  const steps = sender.take(totals, { isPartial: false, isLenient: true, report: () => {} });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
