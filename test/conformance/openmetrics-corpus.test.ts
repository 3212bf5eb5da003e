import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ExpositionError, parseOpenMetrics } from "../judge/index.ts";
import { findCorpus } from "./corpora.ts";

const folder = findCorpus("openmetrics", "prometheus/OpenMetrics, tests/testdata/parsers");

if (folder !== undefined) {
  const names = readdirSync(folder).sort();

  test("the OpenMetrics corpus is complete", () => {
    assert.ok(names.length >= 211, `${names.length} cases of 211`);
  });

  for (const name of names) {
    const body = readFileSync(join(folder, name, "metrics"));
    const verdict: unknown = JSON.parse(readFileSync(join(folder, name, "test.json"), "utf8"));
    const { shouldParse } = verdict as { shouldParse: boolean }; // The corpus has it in every case.
    test(`parseOpenMetrics() ${shouldParse ? "accepts" : "rejects"} the case ${name}`, () => {
      if (shouldParse) {
        assert.doesNotThrow(() => parseOpenMetrics(body));
      } else {
        assert.throws(() => parseOpenMetrics(body), ExpositionError);
      }
    });
  }
}
