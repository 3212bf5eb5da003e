import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { collectDefaultMetrics, Registry } from "prom-client";
import { readDocument } from "../docs/documents.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { SDKS } from "./sdk.ts";

/** The names of one instrument. */
interface Names {
  readonly instrument: string;
  /** That of `@opentelemetry/exporter-prometheus`. */
  readonly theirs: string;
  /** Ours with `unitSuffixes: false`. */
  readonly kept: string;
  /** That of the specification. */
  readonly specified: string;
}

const FIXTURE = fileURLToPath(new URL("../fixtures/opentelemetry/names.mjs", import.meta.url));
const LIMIT_MS = 60_000;

// Only this folder has host-metrics.
for (const { name, folder } of SDKS.filter((sdk) => sdk.name === "sdk-2")) {
  test(`the guide's table of names is what ${name} shows`, async () => {
    const names = await measure(folder);
    for (const { instrument, theirs, kept } of names) assert.equal(kept, theirs, instrument);
    const named = [...tableOf(3), ...tableOf(2).map(([each, its]) => [each, its, its])];
    const measured = names.map(({ instrument, theirs, specified }) => [
      instrument,
      theirs,
      specified,
    ]);
    assert.deepEqual(named.sort(), measured.sort());
    for (const [instrument, theirs, specified] of tableOf(3))
      assert.notEqual(theirs, specified, instrument);
  });
}

test("no default metric of prom-client has a name of the guide's table", () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const names = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  assert.deepEqual(
    [...tableOf(3), ...tableOf(2)].flat().filter((name = "") => names.has(name)),
    [],
  );
});

async function measure(folder: string): Promise<readonly Names[]> {
  const env = { OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
  const child = forkNode(["--expose-gc", FIXTURE, folder], { env });
  const { stdout, stderr } = await child.exit(LIMIT_MS);
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** The rows of the guide's table with so many columns of names. */
function tableOf(columns: 2 | 3): (string | undefined)[][] {
  const row = new RegExp(`^\\|${" `([\\w.]+)` \\|".repeat(columns)}$`, "gm");
  const rows = readDocument("docs/guide/opentelemetry.md").text.matchAll(row);
  return Array.from(rows, ([, ...cells]) => cells).filter(([instrument]) =>
    /^(?:http|nodejs|process|system|v8js)\./.test(`${instrument}`),
  );
}
