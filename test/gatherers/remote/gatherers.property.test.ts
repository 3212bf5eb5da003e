import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Encoder } from "../../../src/exposition/encoder.ts";
import { createProtobufEncoder } from "../../../src/exposition/protobuf/protobuf.ts";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { Exemplar, Metric, MetricFamily } from "../../../src/model/metric-family.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { parseOpenMetrics, parseProtobuf, parseText } from "../../judge/index.ts";
import {
  changedFamilies,
  livingFamilies,
  wellFormedFamilies,
} from "../../property/well-formed-families.ts";
import { Line } from "./taking.ts";

// What a receiver has of any gatherer reads, in every format, as what the gatherer has itself.

const UTF8 = { utf8Names: true, strictSemantics: false } as const;
const JUDGES: readonly (readonly [encoder: () => Encoder, parse: (body: Buffer) => unknown])[] = [
  [() => createTextEncoder("allow-utf-8"), (body) => parseText(body, UTF8)],
  [() => createOpenMetricsEncoder("allow-utf-8"), (body) => parseOpenMetrics(body, UTF8)],
  [() => createProtobufEncoder("allow-utf-8"), (body) => parseProtobuf(body, UTF8)],
];

/** What readers of all formats see in families, and what is reported of them. */
function seenIn(families: readonly MetricFamily[]): unknown[] {
  return JUDGES.map(([createEncoder, parse]) => {
    const faults = new Set<string>();
    const report = (family: string, reason: string) => faults.add(`${family}: ${reason}`);
    const chunks: Uint8Array[] = [];
    const steps = createEncoder().encode(families, report);
    for (let step = steps.next(); !step.done; step = steps.next()) {
      chunks.push(Buffer.from(step.value));
    }
    return { seen: parse(Buffer.concat(chunks)), faults };
  });
}

/** An exemplar as JSON holds it: it has no infinite numbers, and only one zero. */
function sendable(exemplar: Exemplar | null | undefined): Exemplar | undefined {
  if (!exemplar || !Number.isFinite(exemplar.value)) return undefined;
  return { ...exemplar, value: exemplar.value + 0 };
}

/** Families without what JSON cannot hold. */
function withSendableExemplars(families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    const metrics = Array.from<Metric, Metric>(family.metrics, (metric) => {
      if ("value" in metric) return { ...metric, exemplar: sendable(metric.exemplar) };
      if (!("upperBounds" in metric)) return metric;
      const { exemplars, native } = metric;
      const ofNative = native?.exemplars?.flatMap((exemplar) => sendable(exemplar) ?? []);
      return {
        ...metric,
        exemplars: Array.from(exemplars ?? [], sendable),
        native: native && { ...native, exemplars: ofNative },
      };
    });
    return { ...family, metrics } as MetricFamily;
  });
}

/** Writes label names in another order, for every second metric. */
function turned(families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    const metrics = Array.from<Metric, Metric>(family.metrics, (metric, index) => {
      const entries = Object.entries(metric.labels);
      const labels = Object.fromEntries(index % 2 === 0 ? entries.reverse() : entries);
      return { ...metric, labels };
    });
    return { ...family, metrics } as MetricFamily;
  });
}

const DUPLICATES: ReadonlyMap<boolean, (families: MetricFamily[]) => MetricFamily[]> = new Map([
  [false, (families) => families],
  [
    true,
    (families) =>
      families.map((family) => {
        const [first] = family.metrics;
        const metrics = first === undefined ? [] : [...family.metrics, { ...first }];
        return { ...family, metrics } as MetricFamily;
      }),
  ],
]);

for (const keepsObjects of [true, false]) {
  const what = keepsObjects ? "that keeps its families" : "that makes families anew";
  test(`a receiver sees what a gatherer ${what} has`, () => {
    const property = fc.property(wellFormedFamilies, fc.boolean(), (given, hasDuplicates) => {
      const families = withSendableExemplars(given);
      const changed = changedFamilies(families);
      const living = livingFamilies(families, () => current);
      const line = new Line();
      let current: readonly MetricFamily[] = [];
      const rounds = [families, changed, families, turned(families), families.map(reversed)];
      for (const round of rounds) {
        current = DUPLICATES.get(hasDuplicates)?.([...round]) ?? [];
        const taken = line.take(keepsObjects ? living : current);
        assert.deepEqual(seenIn(taken.families), seenIn(round));
        const isDuplicate = (fault: string) => fault.includes("two metrics have the same labels");
        assert.equal(taken.faults.every(isDuplicate), true);
        const again = line.take(keepsObjects ? living : structuredCopies(current));
        assert.deepEqual(again.snapshot.layout, []);
      }
    });
    fc.assert(property, { numRuns: scaleRuns(25) });
  });
}

function reversed(family: MetricFamily): MetricFamily {
  const metrics = [...(family.metrics as Iterable<Metric>)].reverse();
  return { ...family, metrics } as MetricFamily;
}

/** Copies down to the metrics. */
function structuredCopies(families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    const metrics = Array.from<Metric, Metric>(family.metrics, (metric) => ({ ...metric }));
    return { ...family, metrics } as MetricFamily;
  });
}
