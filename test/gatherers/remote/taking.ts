import { Sender } from "../../../src/gatherers/remote/sender.ts";
import type { Snapshot } from "../../../src/gatherers/remote/snapshot.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { Replay } from "./replay.ts";

/** What one snapshot came to. */
export interface Taken {
  readonly families: MetricFamily[];
  readonly snapshot: Snapshot;
  /** Each fault as `family: reason`. */
  readonly faults: string[];
  /** How many rows the layout has. */
  readonly rowCount: number;
}

/** What happens at the pauses of a snapshot; the number counts them. */
export type AtPause = (pause: number) => void;

/** A sender and its receiver. */
export class Line {
  readonly #sender = new Sender();
  readonly #replay = new Replay();

  /** Takes a snapshot, and lets the receiver apply it. */
  take(
    families: Iterable<MetricFamily>,
    { isPartial = false, atPause = () => {} }: { isPartial?: boolean; atPause?: AtPause } = {},
  ): Taken {
    const faults: string[] = [];
    const report = (family: string, reason: string) => faults.push(`${family}: ${reason}`);
    const steps = this.#sender.take(families, { isPartial, report });
    let step = steps.next();
    for (let pause = 0; !step.done; pause++) {
      atPause(pause);
      step = steps.next();
    }
    const snapshot = step.value;
    const rowCount = rowCountOf(snapshot);
    return { families: this.#replay.apply(snapshot), snapshot, faults, rowCount };
  }

  /** Begins a snapshot and gives it up after some pauses; `false` if it has ended before. */
  giveUp(families: Iterable<MetricFamily>, pauses: number): boolean {
    const steps = this.#sender.take(families, { isPartial: false, report: () => {} });
    for (let pause = 0; pause < pauses; pause++) {
      const step = steps.next();
      if (!step.done) continue;
      this.#replay.apply(step.value);
      return false;
    }
    steps.return?.(undefined as never);
    return true;
  }
}

/** How many rows the layout of a snapshot has. */
export function rowCountOf({ layout }: Snapshot): number {
  return layout
    .flat()
    .flatMap(({ splices = [] }) => splices)
    .reduce((count, { rows }) => count + rows.length, 0);
}
