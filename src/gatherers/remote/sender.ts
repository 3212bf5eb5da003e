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
}

/** Takes snapshots for one receiver. */
export class Sender {
  readonly #families = new Map<string, SentFamily>();
  #nextId = 0;
  /** What the receiver has not been told. */
  #pending: SizedChange[] = [];

  /**
   * Takes a snapshot; yields where it may pause. One at a time: the next may begin when this one has
   * ended, or was given up.
   */
  *take(
    families: Iterable<MetricFamily>,
    { isPartial, report, isLenient = false }: TakeOptions,
  ): Generator<undefined, Snapshot, undefined> {
    const pace = new Pace();
    const taken = new Map<string, SentFamily | undefined>();
    for (const family of families) {
      const { name } = family;
      if (taken.has(name)) report(name, `another family is already called ${name}`);
      else {
        taken.set(name, undefined);
        try {
          taken.set(name, yield* this.#update(family, (reason) => report(name, reason), pace));
        } catch (error) {
          if (!isLenient) throw error;
        }
      }
      if (pace.isOver(FAMILY_WORK)) yield;
    }
    // From here on nothing pauses.
    const sent = [...taken.values()].filter((family) => family !== undefined);
    if (!isPartial) {
      for (const name of this.#families.keys()) {
        if (taken.get(name) === undefined) this.#families.delete(name);
      }
    }
    const layout = packed(this.#pending);
    this.#pending = [];
    return { layout, order: sent.map(({ id }) => id), isPartial, numbers: numbersOf(sent) };
  }

  *#update(
    family: MetricFamily,
    report: (reason: string) => void,
    pace: Pace,
  ): Generator<undefined, SentFamily | undefined, undefined> {
    const head = headOf(family, report);
    if (head === undefined) return undefined;
    let known = this.#families.get(family.name);
    if (known !== undefined && (known.isWorn || !isSameHead(known.head, head))) known = undefined;
    let sent = known ?? this.#begin(head, family);
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

/** Makes the head of a family without timestamps; `undefined` for a family that cannot be sent. */
function headOf(family: MetricFamily, report: (reason: string) => void): FamilyHead | undefined {
  const { name, type, unit } = family;
  const aggregator = "aggregator" in family ? aggregatorOf(family.aggregator) : undefined;
  const head = { name, help: family.help, type, unit: unit || undefined, aggregator };
  if (headBytes(head) <= MAX_PART_BYTES) return head;
  report("the help is too long to be sent to another worker");
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

function numbersOf(families: readonly SentFamily[]): Float64Array {
  const count = families.reduce((total, { table }) => total + table.numberCount, 0);
  const numbers = new Float64Array(count);
  let at = 0;
  for (const { table } of families) {
    numbers.set(table.numbers.subarray(0, table.numberCount), at);
    at += table.numberCount;
  }
  return numbers;
}

/**
 * Takes a whole snapshot of counters and histograms, without a pause: for exit handlers, which cannot
 * wait. Its receiver has been told nothing before. A family that cannot be read is left out.
 *
 * @param hasSummaries Whether those of summaries are summed, too.
 */
export function totalsOf(families: Iterable<MetricFamily>, hasSummaries = false): Snapshot {
  const totals = [...families].filter(
    ({ type }) =>
      type === "counter" || type === "histogram" || (hasSummaries && type === "summary"),
  );
  const steps = new Sender().take(totals, { isPartial: false, isLenient: true, report: () => {} });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
