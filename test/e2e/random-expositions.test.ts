import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeExpositions } from "./random/judge-expositions.ts";
import {
  type Judge,
  judgeHere,
  judgeWithPromtool,
  judgeWithPushgateway,
  judgeWithPython,
  judgeWithTsdb,
  prometheusJudge,
} from "./random/judges.ts";

const EXPOSITIONS = 300;

test(`every judge reads ${EXPOSITIONS} random expositions in every format`, async () => {
  assert.deepEqual((await judgeExpositions(EXPOSITIONS, 0)).slice(0, 20), []);
});

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const REJECTED: readonly (readonly [judge: string, Judge, type: string, bad: string])[] = [
  ["our own", judgeHere, TEXT, "# TYPE a gauge\na 1\na 2\n"],
  ["Python", judgeWithPython, OPENMETRICS, "# TYPE a counter\na_total -1\n# EOF\n"],
  ["promtool", judgeWithPromtool, TEXT, "# TYPE a gauge\na 1\n# TYPE a gauge\n"],
  ["promtool's tsdb", judgeWithTsdb, OPENMETRICS, "# TYPE a gauge\na 1\n# EOF\n"],
  ["Pushgateway", judgeWithPushgateway, TEXT, "# TYPE a gauge\na 1\na 2\n"],
  ["Prometheus", prometheusJudge(), TEXT, "# TYPE a gauge\na 1\na 2\n"],
  ["Prometheus, too,", prometheusJudge(), TEXT, '# TYPE a gauge\na{b="\n'],
];

test("every judge rejects what is wrong", async () => {
  const verdicts = REJECTED.map(async ([judge, read, contentType, bad]) => {
    const complaints = await read([{ path: "/bad", contentType, body: Buffer.from(bad) }]);
    assert.ok(complaints.length > 0, `${judge} has no complaint`);
  });
  await Promise.all(verdicts);
});
