import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { CollectorHealth } from "../../src/scrape/collector-health.ts";
import { encodeFamilies, lines } from "../helpers/scraping/encode-families.ts";

function samplesOf(health: CollectorHealth): string[] {
  const { body } = encodeFamilies(createTextEncoder("underscores"), health.families());
  return body
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace("promhttp_scrape_collector_", ""));
}

const everyone = () => true;

test("CollectorHealth has no families as long as no collector has failed", () => {
  const health = new CollectorHealth();
  health.record([], everyone);
  assert.deepEqual(health.families(), []);
});

test("CollectorHealth shows which collector failed, and how long that took", () => {
  const health = new CollectorHealth();
  health.record([{ collector: "queue", error: "down", durationMs: 250 }], everyone);
  assert.equal(
    encodeFamilies(createTextEncoder("underscores"), health.families()).body,
    lines(
      "# HELP promhttp_scrape_collector_success Whether a collector succeeded at the last scrape: a source with a name, or one that has ever failed.",
      "# TYPE promhttp_scrape_collector_success gauge",
      'promhttp_scrape_collector_success{collector="queue"} 0',
      "# HELP promhttp_scrape_collector_duration_seconds How long a source with a name took at the last scrape, or a collector at its last failure.",
      "# TYPE promhttp_scrape_collector_duration_seconds gauge",
      'promhttp_scrape_collector_duration_seconds{collector="queue"} 0.25',
    ),
  );
});

test("CollectorHealth keeps a collector that works again, with its last failure's duration", () => {
  const health = new CollectorHealth();
  health.record([{ collector: "queue", error: "down", durationMs: 250 }], everyone);
  health.record([], everyone);
  assert.deepEqual(samplesOf(health), [
    'success{collector="queue"} 1',
    'duration_seconds{collector="queue"} 0.25',
  ]);
  health.record([{ collector: "queue", error: "down" }], everyone);
  assert.deepEqual(samplesOf(health), ['success{collector="queue"} 0']);
});

test("CollectorHealth keeps a collector failed that has not run since", () => {
  const health = new CollectorHealth();
  health.record(
    ["a", "b"].map((collector) => ({ collector, error: "down" })),
    everyone,
  );
  health.record([], (collector) => collector === "b");
  assert.deepEqual(samplesOf(health), ['success{collector="a"} 0', 'success{collector="b"} 1']);
});

test("CollectorHealth returns the same families each time, and reads them live", () => {
  const health = new CollectorHealth();
  health.record([{ collector: "a", error: "down" }], everyone);
  const families = health.families();
  health.record([], everyone);
  assert.equal(health.families(), families);
  assert.deepEqual(
    [...(families[0]?.metrics ?? [])],
    [{ identity: "a", labels: { collector: "a" }, value: 1 }],
  );
});

test("CollectorHealth keeps at most 1,000 collectors", () => {
  const health = new CollectorHealth();
  for (let index = 0; index < 1_001; index++) {
    health.record([{ collector: `c${index}`, error: "down" }], () => false);
  }
  assert.equal(samplesOf(health).length, 1_000);
  health.record([], everyone);
  health.record([{ collector: "c0", error: "down" }], everyone);
  assert.equal(samplesOf(health)[0], 'success{collector="c0"} 0');
});
