import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Gauge, Registry } from "prom-client";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { ErrorHandling } from "../../src/options/options.ts";
import { gaugeOf } from "../helpers/families.ts";
import { createHarness, valueIn } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const SECRET = "password is s3cr3t";

/** A registry with a gauge that works and one whose collector is `collect`. */
function createScrape(errorHandling: ErrorHandling, collect: () => unknown) {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ name: "good", help: "h", registers }).set(1);
  new Gauge({ name: "bad", help: "h", registers, collect: () => collect() as undefined });
  return createHarness(gathererOf(registry), { errorHandling, timeoutOffsetMs: 0 });
}

const COLLECTORS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error(SECRET);
  },
  rejects: () => Promise.reject(new Error(SECRET)),
};

const error = (cause: string) => `promhttp_metric_handler_errors_total{cause="${cause}"}`;
const success = (collector: string) =>
  `promhttp_scrape_collector_success{collector="${collector}"}`;
const duration = (collector: string) =>
  `promhttp_scrape_collector_duration_seconds{collector="${collector}"}`;

for (const [how, collect] of Object.entries(COLLECTORS)) {
  test(`"fail": a collector that ${how} fails the scrape, until it works again`, async () => {
    let isBroken = true;
    const { get, logged } = createScrape("fail", () => (isBroken ? collect() : undefined));
    const failed = await get();
    assert.equal(failed?.status, 500);
    assert.doesNotMatch(String(failed?.text), /s3cr3t|bad|at /);
    isBroken = false;
    const text = (await get())?.text;
    assert.deepEqual(
      [valueIn(text, error("gathering")), valueIn(text, success("bad")), valueIn(text, "bad")],
      [1, 1, 0],
    );
    assert.equal(logged.length, 2);
    assert.match(
      String(logged[0]),
      /^error promhttp: Collector "bad" failed; scrapes are answered with an error: Error: password is s3cr3t\n/,
    );
    assert.match(String(logged[0]), /password is s3cr3t\n {4,}at /);
    assert.equal(logged[1], 'info promhttp: Collector "bad" works again (1 failure)');
  });

  test(`"continue": a collector that ${how} is skipped, visible at once, and logged`, async () => {
    let isBroken = true;
    const { get, logged } = createScrape("continue", () => (isBroken ? collect() : undefined));
    const failed = await get();
    assert.deepEqual(
      [failed?.status, valueIn(failed?.text, "good"), valueIn(failed?.text, "bad")],
      [200, 1, undefined],
    );
    assert.equal(valueIn(failed?.text, error("gathering")), 1);
    assert.equal(valueIn(failed?.text, success("bad")), 0);
    assert.equal(valueIn(failed?.text, success("good")), undefined);
    assert.ok(Number(valueIn(failed?.text, duration("bad"))) >= 0);
    assert.doesNotMatch(String(failed?.text), /s3cr3t/);
    isBroken = false;
    const recovered = (await get())?.text;
    assert.deepEqual([valueIn(recovered, "bad"), valueIn(recovered, success("bad"))], [0, 1]);
    assert.equal(logged.length, 2);
    assert.match(
      String(logged[0]),
      /^error promhttp: Collector "bad" failed; its metrics are missing from the scrape: Error: password is s3cr3t\n/,
    );
    assert.match(String(logged[0]), /password is s3cr3t\n {4,}at /);
    assert.equal(logged[1], 'info promhttp: Collector "bad" works again (1 failure)');
  });
}

test('"fail": a collector that times out fails the scrape, and shows in the next', async () => {
  let isStuck = true;
  const { get, logged } = createScrape("fail", () => (isStuck ? new Promise(() => {}) : undefined));
  assert.equal((await get({ timeoutSeconds: "0.02" }))?.status, 503);
  isStuck = false;
  // The scrape's failure and the collector's are one.
  assert.equal(logged.length, 1);
  assert.match(
    String(logged[0]),
    /^error promhttp: Collector "bad" failed; .*: ScrapeTimeoutError: The scrape took longer than 20 ms\n/,
  );
  const text = (await get({ query: "name[]=promhttp_scrape_collector_success" }))?.text;
  // It asked for nothing else, so the collector did not run again.
  assert.equal(valueIn(text, success("bad")), 0);
  assert.equal(valueIn((await get())?.text, success("bad")), 1);
});

test('"continue": a collector that times out is skipped, and visible at once', async () => {
  let isStuck = true;
  const { get, logged } = createScrape("continue", () =>
    isStuck ? new Promise(() => {}) : undefined,
  );
  const late = await get({ timeoutSeconds: "0.5" });
  assert.deepEqual(
    [late?.status, late?.isCut, valueIn(late?.text, "good"), valueIn(late?.text, "bad")],
    [200, false, 1, undefined],
  );
  assert.equal(valueIn(late?.text, error("timeout")), 1);
  assert.equal(valueIn(late?.text, success("bad")), 0);
  assert.ok(Number(valueIn(late?.text, duration("bad"))) > 0.03);
  assert.match(
    String(logged[0]),
    /Collector "bad" failed; its metrics are missing from the scrape: ScrapeTimeoutError/,
  );
  isStuck = false;
  const text = (await get())?.text;
  assert.deepEqual([valueIn(text, "bad"), valueIn(text, success("bad"))], [0, 1]);
});

test('"continue": a scrape without a family gets 500', async () => {
  const registry = new Registry();
  const collect = () => {
    throw new Error(SECRET);
  };
  new Gauge({ name: "bad", help: "h", registers: [registry], collect });
  const { get } = createHarness(gathererOf(registry), { errorHandling: "continue" });
  const sent = await get();
  assert.equal(sent?.status, 500);
  assert.equal(sent?.text, "The metrics could not be gathered. See the process log.\n");
});

test('"continue": a gatherer that throws does not affect the others', async () => {
  const broken = { gather: () => Promise.reject(new Error(SECRET)) };
  const good = { gather: () => ({ families: [gaugeOf([{ labels: {}, value: 7 }])] }) };
  const { get } = createHarness(gathererOf([broken, good]), { errorHandling: "continue" });
  const sent = await get();
  assert.deepEqual(
    [sent?.status, valueIn(sent?.text, "g"), valueIn(sent?.text, success("gatherer 1"))],
    [200, 7, 0],
  );
});

test('"continue": a metric that throws while it is read still fails the scrape', async () => {
  const torn = {
    [Symbol.iterator]() {
      throw new Error(SECRET);
    },
  };
  const gatherer = { gather: () => ({ families: [gaugeOf([]), gaugeOf(torn, "torn")] }) };
  const { get, logged } = createHarness(gatherer, { errorHandling: "continue" });
  const sent = await get();
  assert.equal(sent?.status, 500);
  assert.doesNotMatch(String(sent?.text), /s3cr3t/);
  assert.match(String(logged[0]), /password is s3cr3t/);
});
