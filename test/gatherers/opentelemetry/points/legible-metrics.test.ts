import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../../../src/gatherers/opentelemetry/gatherer.ts";
import { createExpose } from "../../../helpers/scraping/gathering.ts";
import { metric, point, readerOf, scope } from "../collections.ts";

const GOOD = metric("gauge", "good");
const DESCRIPTOR = { name: "bad", description: "", unit: "" };

/** What no SDK returns as a metric. */
const ILLEGIBLE_METRICS: readonly { readonly metric: unknown; readonly name: string }[] = [
  { metric: undefined, name: "opentelemetry" },
  { metric: null, name: "opentelemetry" },
  { metric: {}, name: "opentelemetry" },
  { metric: { ...GOOD, descriptor: null }, name: "opentelemetry" },
  { metric: { ...GOOD, descriptor: { name: 5 } }, name: "opentelemetry" },
  { metric: { ...GOOD, descriptor: { ...DESCRIPTOR, unit: {} } }, name: "bad" },
  { metric: { ...GOOD, descriptor: { ...DESCRIPTOR, description: 7 } }, name: "bad" },
  { metric: { ...GOOD, descriptor: DESCRIPTOR, dataPoints: undefined }, name: "bad" },
  { metric: { ...GOOD, descriptor: DESCRIPTOR, dataPoints: [point(1), null] }, name: "bad" },
  { metric: { ...GOOD, descriptor: DESCRIPTOR, dataPoints: new Array(2) }, name: "bad" },
];

test("a metric that cannot be read costs only itself, and is reported", async () => {
  const metrics = ILLEGIBLE_METRICS.map((one) => one.metric as never);
  const expose = createExpose(gathererOf(readerOf([scope("", ...metrics, GOOD)])));
  for (let time = 0; time < 2; time++) {
    const { text, faults } = await expose();
    assert.equal(text, "# TYPE good gauge\ngood 1\n");
    const expected = ILLEGIBLE_METRICS.map(
      ({ name }) => `${name}: a metric cannot be read; skipped it`,
    );
    assert.deepEqual(faults, expected);
  }
});

test("a scope that cannot be read costs only its metrics, and is reported", async () => {
  const illegible = [undefined, null, {}, { scope: { name: "" } }, { scope: {}, metrics: [GOOD] }];
  const scopes = [...illegible.map((one) => one as never), scope("", GOOD)];
  const { text, faults } = await createExpose(gathererOf(readerOf(scopes)))();
  assert.equal(text, "# TYPE good gauge\ngood 1\n");
  const reason = "opentelemetry: a scope cannot be read; skipped its metrics";
  assert.deepEqual(faults, Array(illegible.length).fill(reason));
});

test("what is absent of a metric or a scope is empty", async () => {
  const bare = { ...GOOD, descriptor: { name: "good" } as never };
  const nulls = { name: "s", version: null, schemaUrl: null, attributes: null } as never;
  const reader = readerOf([{ scope: nulls, metrics: [bare] }]);
  const { text, faults } = await createExpose(gathererOf(reader))();
  assert.equal(text, '# TYPE good gauge\ngood{otel_scope_name="s"} 1\n');
  assert.deepEqual(faults, []);
});
