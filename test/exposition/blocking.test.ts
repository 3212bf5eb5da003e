import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TYPESCRIPT } from "../helpers/processes/fork-fixture.ts";
import { createLargeRegistry } from "../helpers/registries/large-registry.ts";
import { createDiscardingScrape } from "../helpers/scraping/discard.ts";

// Ratios, measured side by side: no number of milliseconds or bytes holds on every machine.

/** The longest time for which `work` kept a timer of 1 ms from running. */
async function longestGapMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  await work();
  look();
  clearInterval(timer);
  return longest;
}

test("a scrape of 100,000 lines holds the event loop for a fraction of the time of metrics()", async () => {
  const registry = createLargeRegistry();
  const scrape = createDiscardingScrape(registry);
  assert.ok((await scrape()) > 5_000_000);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 3; round++) {
    ours.push(await longestGapMs(scrape));
    theirs.push(await longestGapMs(() => registry.metrics()));
  }
  // Whatever else the machine does can only make a gap longer: the shortest is the truest.
  const [our, their] = [Math.min(...ours), Math.min(...theirs)];
  assert.ok(our < their / 5, `${our} ms against ${their} ms`);
});

const canMeasurePeak = existsSync("/proc/self/clear_refs");

test("a scrape of 100,000 lines needs a fraction of the memory of metrics()", {
  skip: !canMeasurePeak && "the peak memory of a process can be measured on Linux only",
}, async () => {
  const script = fileURLToPath(new URL("../fixtures/peak-memory.ts", import.meta.url));
  const peakKib = async (way: "scrape" | "metrics"): Promise<number> => {
    const args = ["--expose-gc", "--import", TYPESCRIPT, script, way];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    assert.match(stdout, /^\d+\n$/);
    return Number(stdout);
  };
  const our = await peakKib("scrape");
  const their = await peakKib("metrics");
  assert.ok(our < their / 2, `${our} KiB against ${their} KiB`);
});
