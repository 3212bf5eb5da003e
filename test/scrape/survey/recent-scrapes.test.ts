import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Client, RecentScrape, ScrapeRequest } from "../../../src/scrape/exchange.ts";
import { NEVER } from "../../exposition/chunks.ts";
import { gaugeOf } from "../../helpers/families.ts";
import { blockingGatherer, gathererWith } from "../../helpers/gatherers.ts";
import { createHarness, type Harness } from "../harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const SMALL = gathererWith(gaugeOf([{ labels: {}, value: 1 }]));
const PRIVATE = { selfMetrics: false };

function clientOf(remoteAddress: string, userAgent?: string): Client {
  return { remoteAddress, header: (name) => (name === "user-agent" ? userAgent : undefined) };
}

async function recent(harness: Harness): Promise<readonly RecentScrape[]> {
  const taken = await harness.survey(NEVER, function* () {});
  taken?.end();
  const findings = taken?.findings;
  return typeof findings === "object" ? findings.scrapes : assert.fail(findings);
}

/** What must be known of the only scrape. */
async function only(harness: Harness) {
  const [scrape, ...others] = await recent(harness);
  assert.equal(others.length, 0);
  const { status, bytes, isBroken, durationMs } = scrape ?? assert.fail("no scrape");
  return { status, bytes, isBroken, isOver: durationMs !== undefined };
}

test("a survey has the time, client, status, duration and size of the last scrapes", async () => {
  const harness = createHarness(SMALL, PRIVATE);
  const before = Date.now();
  const sent = await harness.get({ client: clientOf("10.0.0.1", "Prometheus/3.1.0") });
  const [scrape] = await recent(harness);
  assert.equal(scrape?.address, "10.0.0.1");
  assert.equal(scrape?.userAgent, "Prometheus/3.1.0");
  assert.ok(scrape.startedAtMs >= before && scrape.startedAtMs <= Date.now());
  assert.ok(Number(scrape.durationMs) >= 0);
  assert.deepEqual(await only(harness), {
    status: 200,
    bytes: sent?.text.length,
    isBroken: false,
    isOver: true,
  });
});

test("the bytes of a scrape that is streamed and compressed are those that were sent", async () => {
  const metrics = Array.from({ length: 20_000 }, (_, id) => ({ labels: { id }, value: id }));
  const harness = createHarness(gathererWith(gaugeOf(metrics)), PRIVATE);
  const sizes: number[] = [];
  for (const acceptEncoding of [undefined, "gzip"]) {
    await harness.run({ acceptEncoding }, async ({ body }) => {
      assert.ok(!(body instanceof Uint8Array));
      let size = 0;
      for (let next = await body.next(65_536); next !== undefined; next = await body.next(65_536)) {
        for (const chunk of next) size += chunk.length;
      }
      sizes.push(size);
    });
  }
  assert.deepEqual((await recent(harness)).map(({ bytes }) => bytes).reverse(), sizes);
  assert.ok(Number(sizes[0]) > 2 * Number(sizes[1]));
});

test("a survey has the last 20 scrapes, the newest first", async () => {
  const harness = createHarness(SMALL);
  for (let index = 0; index < 25; index++) {
    await harness.get({ client: clientOf(`${index}`) });
  }
  const addresses = (await recent(harness)).map(({ address }) => address);
  assert.deepEqual(
    addresses,
    Array.from({ length: 20 }, (_, index) => `${24 - index}`),
  );
});

test("a scrape that is running, and one whose client has disconnected, are told apart", async () => {
  const source = blockingGatherer();
  const harness = createHarness(source, PRIVATE);
  const controller = new AbortController();
  const scraping = harness.get({ signal: controller.signal });
  const running = { status: undefined, bytes: 0, isBroken: false, isOver: false };
  harness.setFailing();
  assert.deepEqual(await only(harness), running);
  controller.abort();
  await scraping;
  assert.deepEqual(await only(harness), { ...running, isBroken: true, isOver: true });
});

const FAILURES: readonly [what: string, status: number, request: Partial<ScrapeRequest>][] = [
  ["a query that cannot be read", 400, { query: "name[]=%" }],
  ["a collector that fails", 500, {}],
];

for (const [what, status, request] of FAILURES) {
  test(`${what} is among the last scrapes with its ${status}`, async () => {
    const harness = createHarness({ gather: () => Promise.reject(new Error("torn")) });
    const sent = await harness.get(request);
    const bytes = sent?.text.length;
    // The survey of a gatherer that rejects has no findings.
    harness.setFailing();
    assert.deepEqual(await only(harness), { status, bytes, isBroken: false, isOver: true });
  });
}

test("a scrape that was cut off is broken", async () => {
  const harness = createHarness(SMALL, PRIVATE);
  await harness.run({}, () => Promise.reject(new Error("reset")));
  const { status, isBroken } = await only(harness);
  assert.deepEqual([status, isBroken], [200, true]);
});

test("the name of a client is kept only in part where it is long", async () => {
  const harness = createHarness(SMALL);
  await harness.get({ client: clientOf("::1", "x".repeat(10_000)) });
  assert.equal((await recent(harness))[0]?.userAgent?.length, 256);
});

test("a scrape of a page is an event, and not a scraper's request, whatever becomes of it", async () => {
  const harness = createHarness(SMALL, { maxRequestsInFlight: 1 });
  const scrape = () => harness.get({ isPage: true });
  assert.equal((await scrape())?.status, 200);
  assert.equal((await harness.get({ isPage: true, query: "name[]=%" }))?.status, 400);
  await harness.run({ isPage: true }, async () => {
    // It takes the only place.
    assert.equal((await scrape())?.status, 503);
    assert.equal((await harness.get())?.status, 503);
  });
  harness.setFailing();
  assert.equal((await scrape())?.status, 500);
  harness.setOk();
  const statuses = (await recent(harness)).map(({ status }) => status);
  assert.deepEqual(statuses, [503]);
  const { text } = (await harness.get()) ?? assert.fail();
  const values = Object.fromEntries(
    Array.from(
      text.matchAll(
        /^promhttp_(?:metric_handler_requests|metric_handler_errors|scrape_events)_total\{\w+="(\w+)"\} (\d+)$/gm,
      ),
      ([, label, value]) => [label, Number(value)],
    ),
  );
  assert.deepEqual(values, {
    ...{ 200: 0, 400: 0, 500: 0, 503: 1 },
    ...{ gathering: 0, encoding: 0, timeout: 0 },
    ...{ shared: 0, shed: 1, timed_out: 0, aborted: 0, oversized: 0, page: 5 },
  });
});

test("a collector that fails for a page is logged, and not counted as a failed scrape", async () => {
  const harness = createHarness({ gather: () => Promise.reject(new Error("torn")) });
  assert.equal((await harness.get({ isPage: true }))?.status, 500);
  assert.match(String(harness.logged), /torn/);
  harness.setFailing();
  assert.equal(await harness.sample('promhttp_metric_handler_errors_total{cause="gathering"}'), 0);
});

test("a page's scrape of one family does not end the failure of scrapes in the log", async () => {
  const large = gaugeOf([{ labels: { of: "x".repeat(10_000) }, value: 1 }], "large");
  const harness = createHarness(gathererWith(gaugeOf([{ labels: {}, value: 1 }]), large), {
    ...PRIVATE,
    bodyLimit: { bytes: 5_000, action: "fail" },
  });
  assert.equal((await harness.get())?.status, 500);
  const lines = harness.logged.length;
  assert.equal((await harness.get({ isPage: true, query: "name[]=g" }))?.status, 200);
  assert.equal(harness.logged.length, lines, harness.logged.join("\n"));
});
