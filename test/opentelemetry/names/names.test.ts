// An application keeps the names that the exporter gives its metrics, with `unitSuffixes: false` and with the
// preload. The installed exporter says what they are: for cases that could differ, and for random names.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Meter } from "@opentelemetry/api";
import fc from "fast-check";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { SDKS } from "../sdk.ts";
import { serveBoth } from "./both-bodies.ts";
import { CASES } from "./cases.ts";

for (const sdk of SDKS) {
  for (const { of, count, resource, differs, ...options } of CASES) {
    const reason = differs?.[sdk.name];
    test(`${sdk.name}: ${of} ${reason ? "differs on purpose" : "is served as the exporter does"}`, async () => {
      const application = { count, ...(resource && { resource }) };
      const { theirs, ours } = await serveBoth(sdk, application, options);
      assert.doesNotMatch(ours.join(), /refused/);
      if (reason === undefined) assert.deepEqual(ours, theirs);
      else assert.notDeepEqual(ours, theirs, `no longer: ${reason}`);
    });
  }

  test(`${sdk.name}: whatever a metric is called, its name is the exporter's`, async () => {
    let readable = 0;
    let runs = 0;
    const property = fc.asyncProperty(instruments, prefixes, async (all, prefix) => {
      const count = (meterOf: () => Meter) => {
        for (const { name, kind, unit } of all) KINDS[kind](meterOf(), name, unit);
      };
      const { theirs, ours } = await serveBoth(sdk, { count }, { prefix });
      runs++;
      assert.doesNotMatch(ours.join(), /refused/);
      if (/refused/.test(theirs.join())) return;
      readable++;
      assert.deepEqual(ours, theirs);
    });
    await fc.assert(property, { numRuns: scaleRuns(300) });
    assert.ok(readable > runs / 2, `${readable} of ${runs}`);
  });
}

const KINDS = {
  counter: (meter: Meter, name: string, unit: string) => meter.createCounter(name, { unit }).add(1),
  observableCounter: (meter: Meter, name: string, unit: string) =>
    meter.createObservableCounter(name, { unit }).addCallback((result) => result.observe(2)),
  upDownCounter: (meter: Meter, name: string, unit: string) =>
    meter.createUpDownCounter(name, { unit }).add(-1, { "a.b": 1 }),
  gauge: (meter: Meter, name: string, unit: string) =>
    meter
      .createObservableGauge(name, { unit })
      .addCallback((result) => result.observe(0.5, { c: true })),
  histogram: (meter: Meter, name: string, unit: string) =>
    meter.createHistogram(name, { unit }).record(3),
};

const names = fc
  .array(
    fc.constantFrom("a", "B", "1", "_", ".", "-", "/", ":", "é", "😀", "\n", "\\", " ", "total"),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(""))
  // Of the others nothing is left, or only `_total`: those are cases of their own.
  .filter((name) => /[a-z0-9]/i.test(name.replace(/[^a-z0-9]total$/, "")));

const prefixes = fc.constantFrom("", "", "app", "my_app_", "1", "a:b");

const instruments = fc.uniqueArray(
  fc.record({
    name: names,
    kind: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])),
    unit: fc.constantFrom("", "1", "s", "By", "{request}"),
  }),
  // Names that become equal are a case of their own.
  { selector: ({ name }) => name.replace(/[^a-z0-9]|total/gi, ""), minLength: 1, maxLength: 3 },
);
