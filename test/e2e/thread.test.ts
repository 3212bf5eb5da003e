import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fixture, forkFixture } from "../helpers/processes/fork-fixture.ts";
import {
  eventually,
  type Job,
  type Scraper,
  startPrometheus,
  startVictoriaMetrics,
} from "./programs.ts";

// What scrapers see of an application whose event loop is stuck, and whose server has a thread of its own.

const STUCK_SECONDS = 20;

test("an application that is stuck for 20 seconds stays up, and its graph shows it", async () => {
  const app = forkFixture("threaded-application.ts");
  const { port } = JSON.parse(await app.line("listening "));
  const url = `http://127.0.0.1:${port}/metrics`;
  try {
    await watch(app, { name: "shop", url, interval: "1s", timeout: "1s" });
  } finally {
    app.tell("close");
  }
  assert.equal((await app.exit()).code, 0);
});

async function watch(app: Fixture, job: Job): Promise<void> {
  await using prometheus = await startPrometheus([job]);
  await using victoriaMetrics = await startVictoriaMetrics([job]);
  const scrapers = [prometheus, victoriaMetrics];
  for (const scraper of scrapers) await seen(scraper, "count_over_time(gatherings_total[2m]) >= 3");

  app.tell(`block ${STUCK_SECONDS * 1_000}`);
  await app.line("blocks");
  for (const scraper of scrapers) await seen(scraper, "promhttp_event_loop_stuck_seconds > 3");
  await app.line("turns", STUCK_SECONDS * 2_000);
  for (const scraper of scrapers) {
    await seen(
      scraper,
      "promhttp_event_loop_stuck_seconds < 1 and promhttp_snapshot_age_seconds == 0",
    );
    await assertWatched(scraper);
  }
}

async function seen(scraper: Scraper, promql: string): Promise<void> {
  await eventually(promql, async () => (await scraper.query(promql))[0]);
}

async function assertWatched(scraper: Scraper): Promise<void> {
  const up = await graphOf(scraper, "up");
  assert.deepEqual([...new Set(up.values())], [1]);

  const stuck = await graphOf(scraper, "promhttp_event_loop_stuck_seconds");
  const whileStuck = [...stuck.keys()].filter((time) => Number(stuck.get(time)) > 1);
  const rising = whileStuck.map((time) => Number(stuck.get(time)));
  assert.ok(rising.length > STUCK_SECONDS / 2, `${rising}`);
  assert.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
  );
  assert.ok(Number(rising.at(-1)) > STUCK_SECONDS * 0.75, `${rising}`);
  assert.ok(Number(rising.at(-1)) < STUCK_SECONDS * 1.5, `${rising}`);

  const age = await graphOf(scraper, "promhttp_snapshot_age_seconds");
  for (const time of whileStuck) assert.ok(Number(age.get(time)) > Number(stuck.get(time)) - 1);

  // The counter stands still, and counts on.
  const gatherings = await graphOf(scraper, "gatherings_total");
  const frozen = new Set(whileStuck.map((time) => gatherings.get(time)));
  assert.equal(frozen.size, 1, `${[...frozen]}`);
  assert.ok(Number([...gatherings.values()].at(-1)) > Number([...frozen][0]));
  assert.equal((await scraper.query("resets(gatherings_total[2m])"))[0]?.value, "0");
}

/** The values of the only series of a metric, by the times of their scrapes. */
async function graphOf(scraper: Scraper, name: string): Promise<ReadonlyMap<number, number>> {
  const query = encodeURIComponent(`${name}[2m]`);
  const answer = (await scraper.get(`/api/v1/query?nocache=1&query=${query}`)) as GraphAnswer;
  const [series, ...others] = answer.data.result;
  assert.deepEqual(others, [], name);
  return new Map(series?.values.map(([time, value]) => [time, Number(value)]));
}

/** What `/api/v1/query` answers to the selector of a range. */
interface GraphAnswer {
  readonly data: {
    readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[];
  };
}
