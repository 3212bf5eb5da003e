import assert from "node:assert/strict";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import { MergedFamilies } from "../../../src/gatherers/remote/merged-families.ts";
import type { Mirror } from "../../../src/gatherers/remote/mirror.ts";
import { Sender } from "../../../src/gatherers/remote/sender.ts";
import type { Snapshot } from "../../../src/gatherers/remote/snapshot.ts";
import type { MetricFamily, MetricType } from "../../../src/model/metric-family.ts";
import type { WorkersSettings } from "../../../src/options/workers.ts";
import { SETTINGS } from "../../helpers/default-settings.ts";
import { encodeFamilies } from "../../helpers/scraping/encode-families.ts";

/** What one worker of a `TestGroup` is. */
export interface TestWorker {
  readonly slot: number;
  readonly pid: number;
  readonly isMainThread: boolean;
  readonly sender: Sender;
  readonly mirror: Mirror;
  isCurrent: boolean;
}

/** Takes a snapshot in one piece, as its receiver gets it: all but the numbers as JSON. */
export function takeSnapshot(
  sender: Sender,
  families: readonly MetricFamily[],
  isPartial = false,
): Snapshot {
  const report = (family: string, reason: string) => assert.fail(`${family}: ${reason}`);
  const steps = sender.take(families, { isPartial, report });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return overTheWire(step.value);
}

/** A snapshot as its receiver gets it. */
export function overTheWire({ numbers, ...rest }: Snapshot): Snapshot {
  return { ...(JSON.parse(JSON.stringify(rest)) as Omit<Snapshot, "numbers">), numbers };
}

/** The workers of one application and their hub, without processes and sockets. */
export class TestGroup {
  readonly merged: MergedFamilies;
  readonly workers: TestWorker[] = [];
  /** The time, in milliseconds. */
  now = 1_000_000;
  /** What was reported, as `family: reason`. */
  readonly faults: string[] = [];
  readonly #encoder = createTextEncoder("underscores", new BlockStore(2 ** 20));

  constructor(settings: Partial<WorkersSettings> = {}) {
    this.merged = new MergedFamilies({ ...SETTINGS, ...settings }, () => this.now);
  }

  /** A worker joins with its first numbers. */
  join(
    families: readonly MetricFamily[],
    options: { slot?: number; pid?: number; isMainThread?: boolean } = {},
  ): TestWorker {
    const { slot = this.workers.length, isMainThread = true } = options;
    const { pid = slot + 100 } = options;
    const sender = new Sender();
    const mirror = this.merged.createMirror();
    const worker = { slot, pid, isMainThread, sender, mirror, isCurrent: true };
    this.workers.push(worker);
    this.answer(worker, families);
    return worker;
  }

  /** A worker answers. */
  answer(
    { sender, mirror }: TestWorker,
    families: readonly MetricFamily[],
    isPartial = false,
  ): void {
    applySnapshot(mirror, takeSnapshot(sender, families, isPartial));
  }

  /** A worker is gone. */
  retire(worker: TestWorker): void {
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.merged.retire(worker.mirror);
  }

  /** Merges what the workers have sent. */
  merge(
    isRequested: (name: string, type: MetricType) => boolean = () => true,
  ): readonly MetricFamily[] {
    const steps = this.merged.merge(this.workers, {
      isRequested,
      report: (family, reason) => this.faults.push(`${family}: ${reason}`),
    });
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
  }

  /** What is merged, as text. */
  text(): string {
    return textOf(this.merge(), this.#encoder);
  }

  /** The lines of samples of that. */
  lines(): string[] {
    return samplesIn(this.text());
  }
}

/** Applies a whole snapshot. */
export function applySnapshot(mirror: Mirror, { layout, ...rest }: Snapshot): void {
  for (const piece of layout) mirror.applyLayout(piece);
  mirror.applyNumbers(rest);
}

/** Families as text, after checking that a fresh encoder writes the same. */
function textOf(
  families: readonly MetricFamily[],
  encoder: ReturnType<typeof createTextEncoder>,
): string {
  const { body, faults } = encodeFamilies(encoder, families);
  assert.deepEqual(faults, []);
  assert.equal(body, encodeFamilies(createTextEncoder("underscores"), families).body);
  return body;
}

/** The lines of samples of some families. */
export function linesOf(families: readonly MetricFamily[]): string[] {
  return samplesIn(textOf(families, createTextEncoder("underscores")));
}

function samplesIn(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Makes a counter. */
export function counterOf(
  name: string,
  ...metrics: readonly [labels: Record<string, string>, value: number][]
): MetricFamily {
  return { name, help: "", type: "counter", metrics: valuesOf(metrics) };
}

/** Makes a gauge. */
export function gaugeOf(
  name: string,
  aggregator: unknown,
  ...metrics: readonly [labels: Record<string, string>, value: number][]
): MetricFamily {
  return { name, help: "", type: "gauge", aggregator, metrics: valuesOf(metrics) };
}

function valuesOf(metrics: readonly [labels: Record<string, string>, value: number][]) {
  return metrics.map(([labels, value]) => ({ labels, value }));
}

/** Makes a histogram of one label set; the last of `counts` is that of all. */
export function histogramOf(
  name: string,
  upperBounds: readonly number[],
  counts: readonly number[],
  sum: number,
  labels: Record<string, string> = {},
): MetricFamily {
  const count = counts.at(-1) ?? 0;
  const cumulativeCounts = counts.slice(0, -1);
  const metrics = [{ labels, upperBounds, cumulativeCounts, count, sum }];
  return { name, help: "", type: "histogram", metrics };
}
