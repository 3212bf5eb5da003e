import assert from "node:assert/strict";
import { test } from "node:test";
import { chunksOf } from "../../src/exposition/body.ts";
import type { Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { MetricFamily, ValueMetric } from "../../src/model/metric-family.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { parseExposition } from "../judge/index.ts";
import { createHarness, createReader, valueIn } from "./harness.ts";

const UP = '# HELP up Alive.\n# TYPE up gauge\nup{zone="a"} 1\n';

function upOf(metrics: Iterable<ValueMetric>): MetricFamily {
  return { name: "up", help: "Alive.", type: "gauge", metrics };
}

const GOOD: GatherResult = { families: [upOf([{ labels: { zone: "a" }, value: 1 }])] };

/** The first line of each message. */
function headlines(logged: readonly string[]): (string | undefined)[] {
  return logged.map((message) => message.split("\n")[0]);
}

test("a scrape answers with the text format", async () => {
  const { get, logged } = createHarness({ gather: () => GOOD }, { selfMetrics: false });
  assert.deepEqual(await get(), {
    status: 200,
    headers: {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
      Vary: "Accept, Accept-Encoding",
      "Cache-Control": "no-store",
      "Process-Start-Time-Unix": String(Math.floor(performance.timeOrigin / 1_000)),
    },
    text: UP,
    isStream: false,
    isCut: false,
  });
  assert.deepEqual(logged, []);
});

const FORMATS = [
  "text/plain; version=0.0.4; charset=utf-8",
  "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
];

for (const type of FORMATS) {
  test(`a scrape answers with ${type} when that is what it accepts`, async () => {
    const { run } = createHarness({ gather: () => GOOD });
    const chunks: Uint8Array[] = [];
    let contentType = "";
    await run({ accept: type }, async ({ headers, body }) => {
      contentType = String(headers["Content-Type"]);
      for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body))
        chunks.push(chunk);
    });
    assert.ok(contentType.startsWith(type), contentType);
    const families = parseExposition(contentType, Buffer.concat(chunks));
    assert.equal(families[0]?.name, "up");
  });
}

test("a scrape is compressed when that is asked for and worth it", async () => {
  const { get } = createHarness(gathererWith(largeGauge(() => 1)));
  const [gzip, identity] = [await get({ acceptEncoding: "gzip" }), await get()];
  assert.equal(gzip?.headers["Content-Encoding"], "gzip");
  assert.equal(identity?.headers["Content-Encoding"], undefined);
  assert.ok(Number(gzip?.text.length) < Number(identity?.text.length) / 2);
  const { get: getSmall } = createHarness({ gather: () => GOOD }, { selfMetrics: false });
  const small = await getSmall({ acceptEncoding: "gzip" });
  assert.equal(small?.headers["Content-Encoding"], undefined);
});

test("a HEAD is answered like a GET, without running a collector", async () => {
  const { get } = createHarness({ gather: () => assert.fail("a collector ran") });
  const head = await get({ isHead: true });
  assert.equal(head?.status, 200);
  assert.equal(head?.text, "");
  assert.equal(head?.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
});

test("a body of many chunks is streamed", async () => {
  const metrics = Array.from({ length: 10_000 }, (_, index) => ({
    labels: { index },
    value: index,
  }));
  const { get } = createHarness(gathererWith(upOf(metrics)), { selfMetrics: false });
  const sent = await get();
  assert.equal(sent?.isStream, true);
  assert.equal(sent?.text.split("\n").length, 10_003);
});

test("self metrics come last, and count what came before", async () => {
  const { get } = createHarness({ gather: () => GOOD });
  await get();
  const sent = await get();
  assert.ok(sent?.text.startsWith(`${UP}# HELP promhttp_metric_handler_requests_total `));
  assert.equal(valueIn(sent?.text, 'promhttp_metric_handler_requests_total{code="200"}'), 1);
  assert.equal(valueIn(sent?.text, "promhttp_metric_handler_requests_in_flight"), 1);
  assert.equal(valueIn(sent?.text, "promhttp_connections_open"), 3);
});

test("the names that a scrape asks for apply to self metrics, too", async () => {
  const { get } = createHarness({ gather: () => GOOD });
  assert.equal((await get({ query: "name[]=up" }))?.text, UP);
  const response = await get({ query: "name[]=promhttp_connections_open" });
  assert.equal(
    response?.text,
    "# HELP promhttp_connections_open Open connections.\n" +
      "# TYPE promhttp_connections_open gauge\npromhttp_connections_open 3\n",
  );
});

test("a query that cannot be read gets 400, and does not count as an error", async () => {
  const { get, sample, logged } = createHarness({ gather: () => GOOD });
  const sent = await get({ query: "name[]=%zz" });
  assert.equal(sent?.status, 400);
  assert.equal(sent?.text, "The query has a broken escape.\n");
  assert.deepEqual(logged, []);
  assert.equal(await sample('promhttp_metric_handler_requests_total{code="400"}'), 1);
  assert.equal(await sample('promhttp_metric_handler_errors_total{cause="gathering"}'), 0);
});

test("a collector that fails gets 500, and only the log says why", async () => {
  const error = new Error("password is s3cr3t");
  const gather = () => ({ ...GOOD, errors: [{ collector: "up", error }] });
  const { get, logged } = createHarness({ gather }, { selfMetrics: false });
  assert.deepEqual(await get(), {
    status: 500,
    headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" },
    text: "The metrics could not be gathered. See the process log.\n",
    isStream: false,
    isCut: false,
  });
  assert.equal(logged.length, 1);
  assert.match(
    String(logged[0]),
    /^error promhttp: Collector "up" failed; scrapes are answered with an error: Error: /,
  );
  assert.match(String(logged[0]), /password is s3cr3t\n {4,}at /);
});

test("a gatherer that throws gets 500 and is counted; the next scrape succeeds", async () => {
  let calls = 0;
  const gather = () => {
    if (calls++ === 0) throw new Error("down");
    return GOOD;
  };
  const { get } = createHarness({ gather });
  assert.equal((await get())?.status, 500);
  const sent = await get();
  assert.equal(sent?.status, 200);
  assert.match(String(sent?.text), /requests_total\{code="500"\} 1\n/);
  assert.match(String(sent?.text), /errors_total\{cause="gathering"\} 1\n/);
});

test("a metric that throws before the first chunk gets 500", async () => {
  function* broken(): Generator<ValueMetric> {
    yield { labels: {}, value: 1 };
    throw new Error("torn");
  }
  const { get, logged } = createHarness(gathererWith(upOf(broken())), { selfMetrics: false });
  assert.equal((await get())?.status, 500);
  assert.match(String(logged[0]), /The scrape failed: Error: torn/);
});

test("a metric that throws after the first byte cuts the response off", async () => {
  let isBroken = true;
  function* broken(): Generator<ValueMetric> {
    for (let index = 0; index < 20_000; index++) yield { labels: { index }, value: index };
    if (isBroken) throw new Error("torn");
  }
  const { get, logged } = createHarness(gathererWith(upOf({ [Symbol.iterator]: broken })));
  const cut = await get();
  isBroken = false;
  const sent = await get();
  assert.deepEqual([cut?.status, cut?.isCut, sent?.status, sent?.isCut], [200, true, 200, false]);
  assert.match(String(logged[0]), /The scrape failed: Error: torn/);
  assert.match(String(sent?.text), /errors_total\{cause="encoding"\} 1\n/);
});

test("a client that disconnects while collectors run counts as aborted", async () => {
  const client = new AbortController();
  let isFirst = true;
  const gather = () => {
    if (!isFirst) return GOOD;
    isFirst = false;
    client.abort();
    return new Promise<GatherResult>(() => {});
  };
  const { get, sample, logged } = createHarness({ gather });
  assert.equal(await get({ signal: client.signal }), undefined);
  assert.deepEqual(logged, []);
  assert.equal(await sample('promhttp_scrape_events_total{event="aborted"}'), 1);
});

for (const how of ["throws", "settles"]) {
  test(`a client that disconnects while the body is sent counts as aborted (sender ${how})`, async () => {
    const client = new AbortController();
    const { run, sample, logged } = createHarness({ gather: () => GOOD });
    await run({ signal: client.signal }, async () => {
      client.abort();
      if (how === "throws") throw new Error("the socket is closed");
    });
    assert.deepEqual(logged, []);
    assert.equal(await sample('promhttp_scrape_events_total{event="aborted"}'), 1);
  });
}

test("a client that disconnects before its scrape begins runs no collector", async () => {
  const { get } = createHarness({ gather: () => assert.fail("a collector ran") });
  assert.equal(await get({ signal: AbortSignal.abort() }), undefined);
});

test("a response that cannot be sent is logged", async () => {
  const { run, logged } = createHarness({ gather: () => GOOD });
  await run({}, async () => {
    throw new Error("no headers");
  });
  assert.deepEqual(headlines(logged), ["error promhttp: The scrape failed: Error: no headers"]);
});

test("an error response that cannot be sent is logged", async () => {
  const gather = () => {
    throw new Error("down");
  };
  const { run, logged } = createHarness({ gather });
  await run({}, async () => {
    throw new Error("no headers");
  });
  assert.deepEqual(headlines(logged), [
    "error promhttp: The scrape failed: Error: down",
    "error promhttp: Cannot send an error response: Error: no headers",
  ]);
});

test("what has to be skipped is counted each time and logged once", async () => {
  // A value that is not a number, as a gatherer in JavaScript may give it.
  const bad = { labels: {}, value: "1" as unknown as number };
  const gather: Gatherer["gather"] = ({ report }) => {
    report("down", "it was never up");
    return { families: [...GOOD.families, { ...upOf([bad]), name: "bad" }] };
  };
  const { get, logged } = createHarness({ gather });
  await get();
  const sent = await get();
  assert.deepEqual(logged, [
    'warn promhttp: Skipped part of metric family "down": it was never up',
    'warn promhttp: Skipped part of metric family "bad": a value is not a number',
  ]);
  assert.match(String(sent?.text), /errors_total\{cause="encoding"\} 4\n/);
});

const REQUESTS = 'promhttp_metric_handler_requests_total{code="500"}';

test("setFailing() answers 500 with only the handler's own metrics, until setOk()", async () => {
  const { get, setFailing, setOk, logged } = createHarness(
    { gather: () => GOOD },
    { statusName: "shop" },
  );
  const before = await get();
  assert.deepEqual([before?.status, valueIn(before?.text, "shop_up")], [200, 1]);
  setFailing("the database is gone");
  for (const seen of [0, 1]) {
    const sent = await get();
    assert.deepEqual(
      [sent?.status, valueIn(sent?.text, "shop_up"), valueIn(sent?.text, REQUESTS)],
      [500, 0, seen],
    );
    assert.equal(sent?.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.doesNotMatch(String(sent?.text), /^up/m);
  }
  setOk();
  const after = await get();
  assert.deepEqual([after?.status, valueIn(after?.text, "shop_up")], [200, 1]);
  assert.deepEqual(logged, [
    "warn promhttp: Metrics marked as failing; scrapes get 500: the database is gone",
  ]);
});

test("a HEAD gets the status of a GET where that takes no collector", async () => {
  const gather = () => assert.fail("a collector ran");
  const { get, setFailing } = createHarness({ gather });
  assert.equal((await get({ isHead: true, query: "%" }))?.status, 400);
  setFailing();
  const head = await get({ isHead: true });
  assert.deepEqual([head?.status, head?.text], [500, ""]);
});

test("setFailing() needs neither a reason nor a name of the status", async () => {
  const { get, setFailing, logged } = createHarness(
    { gather: () => assert.fail("a collector ran") },
    { selfMetrics: false },
  );
  setFailing();
  const sent = await get();
  assert.deepEqual([sent?.status, sent?.text], [500, ""]);
  assert.match(String(logged[0]), /no reason given$/);
});

test("we never write a bare up", async () => {
  for (const statusName of [undefined, "shop"]) {
    const gatherer: Gatherer = { gather: () => ({ families: [] }) };
    const { get, setFailing } = createHarness(gatherer, { statusName });
    assert.doesNotMatch(String((await get())?.text), /^up[ {]/m);
    setFailing();
    assert.doesNotMatch(String((await get())?.text), /^up[ {]/m);
  }
});

test("the status of the application precedes self metrics, and exists without them", async () => {
  const options = { statusName: "shop", selfMetrics: false };
  const { get } = createHarness({ gather: () => GOOD }, options);
  assert.equal(
    (await get())?.text,
    `${UP}# HELP shop_up Whether the application has declared that its metrics are in order.\n` +
      "# TYPE shop_up gauge\nshop_up 1\n",
  );
});

test("each self metric moves with what it counts", async () => {
  const { get, run, sample } = createHarness(gathererWith(largeGauge(() => 1)));
  await run({}, createReader().send);
  await get({ acceptEncoding: "gzip" });
  await get({ accept: FORMATS[1] });
  const text = (await get())?.text;
  const value = (series: string) => valueIn(text, series);
  assert.equal(value("promhttp_gather_duration_seconds_count"), 4);
  assert.ok(Number(value("promhttp_gather_duration_seconds_sum")) > 0);
  // Read at the end of the body, but before this encoding is over.
  assert.equal(value("promhttp_encode_duration_seconds_count"), 3);
  assert.ok(Number(value("promhttp_encode_duration_seconds_sum")) > 0);
  const plain = Number(
    value('promhttp_response_bytes_total{format="text-0.0.4",encoding="identity"}'),
  );
  const gzip = Number(value('promhttp_response_bytes_total{format="text-0.0.4",encoding="gzip"}'));
  assert.ok(plain > 300_000 && gzip > 0 && gzip < plain / 4, `${plain} and ${gzip} bytes`);
  assert.ok(
    Number(value('promhttp_response_bytes_total{format="openmetrics-1.0.0",encoding="identity"}')) >
      300_000,
  );
  const previous = Number(await sample("promhttp_encode_duration_seconds_count"));
  assert.equal(await sample("promhttp_encode_duration_seconds_count"), previous + 1);
});

test("self metrics are valid in every format, after many failures", async () => {
  let isBroken = true;
  const gather = (): GatherResult => ({
    families: GOOD.families,
    errors: isBroken ? [{ collector: "up", error: "down", durationMs: 3 }] : [],
  });
  const { get, run, update } = createHarness({ gather });
  await get();
  await update(() => {
    throw new Error("down");
  });
  isBroken = false;
  for (const accept of FORMATS) {
    const chunks: Uint8Array[] = [];
    let type = "";
    await run({ accept }, async ({ headers, body }) => {
      type = String(headers["Content-Type"]);
      for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body))
        chunks.push(chunk);
    });
    const names = parseExposition(type, Buffer.concat(chunks)).map(({ name }) => name);
    assert.ok(names.includes("promhttp_scrape_collector_success"), names.join());
  }
});

test("nothing is kept of a scrape with parameters, which are its client's", async () => {
  const metrics = Array.from({ length: 2_000 }, (_, n) => ({ labels: { number: n }, value: n }));
  const source = { ...gathererWith(gaugeOf(metrics)), params: ["room"] };
  const { get, parts, close } = createHarness(source);
  const { store } = parts.exposer;
  for (let time = 0; time < 3; time++) await get({ query: "room=1" });
  assert.equal(store.footprint, 0);
  for (let time = 0; time < 3; time++) await get({ query: "other=1" });
  assert.ok(store.footprint > 0);
  close();
});

const START_TIME = "Process-Start-Time-Unix";

test("only metrics for a scraper, of this process alone, say when the process began", async () => {
  const gatherer = { gather: () => GOOD };
  const single = createHarness(gatherer);
  assert.ok((await single.get())?.headers[START_TIME]);
  assert.equal((await single.get({ isPage: true }))?.headers[START_TIME], undefined);
  single.setFailing();
  assert.equal((await single.get())?.headers[START_TIME], undefined);
  const worker = createHarness(gatherer, { workers: true });
  assert.equal((await worker.get())?.headers[START_TIME], undefined);
});
