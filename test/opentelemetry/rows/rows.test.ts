import { AssertionError } from "node:assert";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpositionError } from "../../judge/index.ts";
import { SDKS } from "../sdk.ts";
import { ROWS } from "./all-rows.ts";
import { exporterOf } from "./exporter.ts";
import { promhttpOf } from "./promhttp.ts";
import { verdictFor } from "./row.ts";
import { withSubject } from "./subject.ts";

for (const sdk of SDKS) {
  for (const row of ROWS) {
    const meets = verdictFor(row.exporter, sdk);
    const keeps = verdictFor(row.ours ?? true, sdk);
    test(`${sdk.name}, ${row.number}: ${row.requirement}: promhttp ${keeps ? "does" : "does not"}`, async () => {
      const check = withSubject(promhttpOf(sdk), async (subject) => row.check(subject));
      if (keeps) await check;
      else await assert.rejects(check, (error) => isFault(error));
    });

    test(`${sdk.name}, ${row.number}: ${row.requirement}: the exporter ${meets ? "does" : "does not"}`, async () => {
      const check = withSubject(exporterOf(sdk), async (subject) => row.check(subject));
      if (meets) await check;
      else await assert.rejects(check, (error) => isFault(error, row.fault));
    });
  }
}

/** Any other error would be a fault of the check. */
function isFault(error: unknown, message = /(?:)/): boolean {
  if (!(error instanceof AssertionError || error instanceof ExpositionError)) return false;
  assert.match(error.message, message);
  return true;
}
