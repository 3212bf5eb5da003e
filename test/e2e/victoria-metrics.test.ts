import assert from "node:assert/strict";
import { test } from "node:test";
import { Server } from "../../src/index.ts";
import { createEverything, DATED_MS } from "./everything.ts";
import { differences, expectedSeries, scrapedSeries, TEXT_STYLE } from "./expected-series.ts";
import { failedScrapes, type Job, startVictoriaMetrics } from "./programs.ts";

test("VictoriaMetrics reads everything", async () => {
  const everything = createEverything();
  await using server = await Server.listen(everything.sources, "127.0.0.1:0");
  const job: Job = { name: "everything", url: server.url, interval: "2s", timeout: "2s" };
  await using victoria = await startVictoriaMetrics([job]);
  assert.equal(await failedScrapes(victoria, "everything", 2), 0);
  const series = await scrapedSeries(victoria, "everything");
  const expected = await expectedSeries(everything, TEXT_STYLE);
  // It takes NaN for "no value", and keeps twelve digits of numbers that have more.
  const numbers = new Map([...expected].filter(([, value]) => value !== "NaN"));
  assert.deepEqual(differences(series, numbers, 1e-11), []);
  for (const name of ["e2e_dated", "e2e_dated_jobs_total"]) {
    const [sample] = await victoria.query(`timestamp(${name})`);
    assert.equal(Number(sample?.value), DATED_MS / 1_000, name);
  }
});
