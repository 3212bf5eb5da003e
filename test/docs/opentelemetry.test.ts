/** What the guide says of the names and labels of OpenTelemetry is what is served. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { gatherLast } from "../../src/gatherers/final-gathering.ts";
import type { TranslationStrategy } from "../../src/gatherers/opentelemetry/mapping-options.ts";
import {
  PrometheusReader,
  type PrometheusReaderOptions,
} from "../../src/gatherers/opentelemetry/reader.ts";
import { readDocument, sectionOf } from "./documents.ts";

const PAGE = readDocument("docs/guide/opentelemetry.md");
const NAMES = sectionOf(PAGE, "Names");

/** An instrument that counts once. */
interface Instrument {
  readonly name: string;
  readonly unit?: string;
  /** @default "createCounter" */
  readonly kind?: "createCounter" | "createGauge" | "createHistogram";
  readonly attributes?: Attributes;
}

/** The name and the labels of an instrument. */
async function served(
  { name, unit = "", kind = "createCounter", attributes = {} }: Instrument,
  options: PrometheusReaderOptions = {},
): Promise<{ readonly name: string; readonly labels: object }> {
  const reader = new PrometheusReader({ targetInfoEnabled: false, ...options });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("shop", "1.0");
  const instrument = meter[kind](name, { unit });
  if ("add" in instrument) instrument.add(1, attributes);
  else instrument.record(1, attributes);
  const [family] = (await gatherLast(reader, () => true)) ?? [];
  assert.ok(family);
  const [metric] = [...family.metrics];
  return { name: family.name, labels: { ...metric?.labels } };
}

const NO_SCOPE = { scopeInfoEnabled: false };

test("the guide says what each strategy makes of a name and a label", async () => {
  const rows = [...NAMES.matchAll(/^\| `(\w+)`[^|]*\| `([^`]+)` \| `([^`]+)` \|$/gm)];
  assert.equal(rows.length, 4);
  for (const [, strategy, name = "", label = ""] of rows) {
    const translationStrategy = strategy as TranslationStrategy; // Checked by the reader.
    const instrument = { name: "foo.bar", unit: "By", attributes: { "shop.name": "n" } };
    const expected = { name, labels: { [label]: "n" } };
    assert.deepEqual(await served(instrument, { ...NO_SCOPE, translationStrategy }), expected);
  }
});

const UNITS: readonly [says: RegExp, instrument: Instrument, name: string][] = [
  [/`s` becomes `seconds`/, { name: "a", unit: "s", kind: "createGauge" }, "a_seconds"],
  [/`By` `bytes`/, { name: "a", unit: "By", kind: "createGauge" }, "a_bytes"],
  [
    /`m\/s` `meters_per_second`/,
    { name: "a", unit: "m/s", kind: "createGauge" },
    "a_meters_per_second",
  ],
  [/`\{request\}`, is dropped/, { name: "a", unit: "{request}" }, "a_total"],
  [/`1` becomes `ratio` for gauges/, { name: "a", unit: "1", kind: "createGauge" }, "a_ratio"],
  [/and nothing for counters/, { name: "a", unit: "1" }, "a_total"],
  [
    /that the name ends in is not repeated/,
    { name: "a.seconds", unit: "s", kind: "createHistogram" },
    "a_seconds",
  ],
];

for (const [says, instrument, name] of UNITS) {
  test(`the guide says of units: ${says.source}`, async () => {
    assert.match(NAMES, says);
    assert.equal((await served(instrument)).name, name);
  });
}

test("the guide says how labels are made of attributes", async () => {
  assert.match(NAMES, /`\{"a\.b": 2, a_b: 1\}` is `a_b="2;1"`\. Lists and maps are JSON/);
  assert.match(NAMES, /An empty value .* `le` on a histogram becomes `exported_le`/);
  const attributes = { "a.b": 2, a_b: 1, list: ["x", "y"], empty: "", le: "1" };
  const { labels } = await served(
    { name: "a", kind: "createHistogram", attributes },
    { ...NO_SCOPE },
  );
  assert.deepEqual(labels, { a_b: "2;1", list: '["x","y"]', exported_le: "1" });
});

test("the guide says which labels a scope and the resource have", async () => {
  assert.match(NAMES, /`otel_scope_name`, `otel_scope_version`/);
  assert.match(NAMES, /`\{ included: \["service\.\*"\] \}`/);
  const { labels } = await served(
    { name: "a" },
    { resourceConstantLabels: { included: ["service.*"] } },
  );
  assert.deepEqual(labels, {
    otel_scope_name: "shop",
    otel_scope_version: "1.0",
    service_name: `unknown_service:${process.argv0}`,
  });
});
