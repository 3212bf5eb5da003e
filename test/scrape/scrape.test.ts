import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { MetricFamily, ValueMetric } from "../../src/model/metric-family.ts";
import { createLog } from "../../src/scrape/log.ts";
import {
  createScrape,
  type Respond,
  type ScrapeOptions,
  type ScrapeRequest,
} from "../../src/scrape/scrape.ts";

const OPTIONS: ScrapeOptions = { timeoutMs: 30_000, timeoutOffsetMs: 500, selfMetrics: false };

const UP = '# HELP up Alive.\n# TYPE up gauge\nup{zone="a"} 1\n';

function gaugeOf(metrics: Iterable<ValueMetric>): MetricFamily {
  return { name: "up", help: "Alive.", type: "gauge", metrics };
}

const GOOD: GatherResult = { families: [gaugeOf([{ labels: { zone: "a" }, value: 1 }])] };

/** A response as it was sent; `isCut` when its body threw. */
interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  text: string;
  isStream: boolean;
  isCut: boolean;
}

function createHarness(gather: Gatherer["gather"], options: Partial<ScrapeOptions> = {}) {
  const lines: string[] = [];
  const sent: Sent[] = [];
  const log = createLog({
    error: (message) => lines.push(`error ${message.split("\n")[0]}`),
    warn: (message) => lines.push(`warn ${message}`),
  });
  const scrape = createScrape({ gather }, { ...OPTIONS, ...options }, log);

  const respond: Respond = async ({ status, headers, body }, signal) => {
    const response: Sent = { status, headers, text: "", isStream: false, isCut: false };
    sent.push(response);
    response.isStream = !(body instanceof Uint8Array);
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : body) {
        signal.throwIfAborted();
        response.text += Buffer.from(chunk).toString();
      }
    } catch (error) {
      response.isCut = true;
      throw error;
    }
  };

  const run = (request: Partial<ScrapeRequest> = {}, send: Respond = respond): Promise<void> => {
    const defaults = { isHead: false, timeoutSeconds: undefined };
    return scrape({ ...defaults, signal: new AbortController().signal, ...request }, send);
  };

  return { run, respond, sent, lines };
}

/** The value of a self metric. */
function selfMetric(text: string | undefined, series: string): string | undefined {
  return text?.split("\n").find((line) => line.startsWith(`promhttp_metric_handler_${series} `));
}

test("a scrape answers with the text format", async () => {
  const { run, sent, lines } = createHarness(() => GOOD);
  await run();
  assert.deepEqual(sent, [
    {
      status: 200,
      headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" },
      text: UP,
      isStream: false,
      isCut: false,
    },
  ]);
  assert.deepEqual(lines, []);
});

test("a HEAD is answered like a GET, without running a collector", async () => {
  const { run, sent } = createHarness(() => assert.fail("a collector ran"));
  await run({ isHead: true });
  assert.equal(sent[0]?.status, 200);
  assert.equal(sent[0]?.text, "");
});

test("a body of many chunks is streamed", async () => {
  const metrics = Array.from({ length: 10_000 }, (_, index) => ({
    labels: { index },
    value: index,
  }));
  const { run, sent } = createHarness(() => ({ families: [gaugeOf(metrics)] }));
  await run();
  assert.equal(sent[0]?.isStream, true);
  assert.equal(sent[0]?.text.split("\n").length, 10_003);
});

test("the server's own metrics come last, and count what came before", async () => {
  const { run, sent } = createHarness(() => GOOD, { selfMetrics: true });
  await run();
  await run();
  assert.ok(sent[1]?.text.startsWith(`${UP}# HELP promhttp_metric_handler_requests_total `));
  assert.equal(selfMetric(sent[1]?.text, 'requests_total{code="200"}')?.split(" ")[1], "1");
  assert.equal(selfMetric(sent[1]?.text, "requests_in_flight")?.split(" ")[1], "1");
});

test("a collector that failed is answered with 500, and said in the log alone", async () => {
  const error = new Error("password is 1234");
  const { run, sent, lines } = createHarness(() => ({
    ...GOOD,
    errors: [{ collector: "up", error }],
  }));
  await run();
  assert.equal(sent[0]?.status, 500);
  assert.deepEqual(sent[0]?.headers, { "Content-Type": "text/plain; charset=utf-8" });
  assert.equal(sent[0]?.text, "The metrics could not be gathered. See the log of the process.\n");
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]), /^error promhttp: The scrape failed: GatherError.*failed: up/);
});

test("a gatherer that throws is answered with 500 and counted, and the next scrape succeeds", async () => {
  let calls = 0;
  const gather = () => {
    if (calls++ === 0) throw new Error("down");
    return GOOD;
  };
  const { run, sent } = createHarness(gather, { selfMetrics: true });
  await run();
  await run();
  assert.deepEqual(
    sent.map(({ status }) => status),
    [500, 200],
  );
  assert.match(String(sent[1]?.text), /requests_total\{code="500"\} 1\n/);
  assert.match(String(sent[1]?.text), /errors_total\{cause="gathering"\} 1\n/);
});

test("a metric that throws before the first chunk is answered with 500", async () => {
  function* broken(): Generator<ValueMetric> {
    yield { labels: {}, value: 1 };
    throw new Error("torn");
  }
  const { run, sent, lines } = createHarness(() => ({ families: [gaugeOf(broken())] }));
  await run();
  assert.deepEqual(
    sent.map(({ status }) => status),
    [500],
  );
  assert.match(String(lines[0]), /The scrape failed: Error: torn/);
});

test("a metric that throws after the first byte cuts the response off", async () => {
  let isBroken = true;
  function* broken(): Generator<ValueMetric> {
    for (let index = 0; index < 20_000; index++) yield { labels: { index }, value: index };
    if (isBroken) throw new Error("torn");
  }
  const metrics = { [Symbol.iterator]: broken };
  const options = { selfMetrics: true };
  const { run, sent, lines } = createHarness(() => ({ families: [gaugeOf(metrics)] }), options);
  await run();
  isBroken = false;
  await run();
  assert.deepEqual(
    sent.map(({ status, isCut }) => [status, isCut]),
    [
      [200, true],
      [200, false],
    ],
  );
  assert.match(String(lines[0]), /The scrape failed: Error: torn/);
  assert.match(String(sent[1]?.text), /errors_total\{cause="encoding"\} 1\n/);
});

test("a scrape that takes too long is answered with 503 before the scraper gives up", async () => {
  let isStuck = true;
  const gather = () => (isStuck ? new Promise<GatherResult>(() => {}) : GOOD);
  const { run, sent, lines } = createHarness(gather, { selfMetrics: true, timeoutOffsetMs: 0 });
  const alive = setTimeout(() => {}, 5_000);
  await run({ timeoutSeconds: "0.01" });
  clearTimeout(alive);
  isStuck = false;
  await run();
  assert.equal(sent[0]?.status, 503);
  assert.equal(
    sent[0]?.text,
    "The metrics could not be gathered in time. See the log of the process.\n",
  );
  assert.match(String(lines[0]), /ScrapeTimeoutError: The scrape took longer than 10 ms/);
  assert.match(String(sent[1]?.text), /requests_total\{code="503"\} 1\n/);
  assert.match(String(sent[1]?.text), /errors_total\{cause="timeout"\} 1\n/);
});

test("a client that goes while collectors run is nobody's failure", async () => {
  const client = new AbortController();
  const gather = () => {
    client.abort();
    return new Promise<GatherResult>(() => {});
  };
  const { run, sent, lines } = createHarness(gather);
  await run({ signal: client.signal });
  assert.deepEqual([sent, lines], [[], []]);
});

test("a client that goes while the body is sent is nobody's failure", async () => {
  const client = new AbortController();
  const { run, lines } = createHarness(() => GOOD);
  await run({ signal: client.signal }, async () => {
    client.abort();
    throw new Error("the socket is closed");
  });
  assert.deepEqual(lines, []);
});

test("a response that cannot be sent is logged", async () => {
  const { run, lines } = createHarness(() => GOOD);
  await run({}, async () => {
    throw new Error("no headers");
  });
  assert.deepEqual(lines, ["error promhttp: The scrape failed: Error: no headers"]);
});

test("a failure that cannot be answered either is logged", async () => {
  const { run, lines } = createHarness(() => {
    throw new Error("down");
  });
  await run({}, async () => {
    throw new Error("no headers");
  });
  assert.deepEqual(lines, [
    "error promhttp: The scrape failed: Error: down",
    "error promhttp: The failure of a scrape could not be answered: Error: no headers",
  ]);
});

test("what had to be left out is counted each time and logged once", async () => {
  // A value that is no number, as a gatherer in JavaScript may give it.
  const bad = { labels: {}, value: "1" as unknown as number };
  const gather: Gatherer["gather"] = ({ report }) => {
    report("down", "it was never up");
    return { families: [...GOOD.families, { ...gaugeOf([bad]), name: "bad" }] };
  };
  const { run, sent, lines } = createHarness(gather, { selfMetrics: true });
  await run();
  await run();
  assert.deepEqual(lines, [
    'warn promhttp: Left something out of the metric family "down": it was never up',
    'warn promhttp: Left something out of the metric family "bad": a value is not a number',
  ]);
  assert.match(String(sent[1]?.text), /errors_total\{cause="encoding"\} 4\n/);
});

test("scrapes that wait at once share one gathering, and each reads the values itself", async () => {
  let gatherings = 0;
  let reads = 0;
  const metrics = {
    *[Symbol.iterator]() {
      yield { labels: {}, value: ++reads };
    },
  };
  const { run, sent } = createHarness(async () => {
    gatherings++;
    await new Promise((resolve) => setImmediate(resolve));
    return { families: [gaugeOf(metrics)] };
  });
  await Promise.all([run(), run(), run()]);
  assert.equal(gatherings, 1);
  assert.deepEqual(sent.map(({ text }) => text.split("\n")[2]).sort(), ["up 1", "up 2", "up 3"]);
});
