import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createHandler, type Handler, type HandlerOptions, type Source } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { createRecorder, type Recorder } from "../helpers/scraping/recorder.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";

const URL = "http://metrics.example.com/metrics";
/** For ever, as far as a test is concerned: some 100 GB. */
const ENDLESS = 1e8;
const CUT_OFF = new Error("The response was cut off");

/** A handler for one test, without a server. */
interface FetchTest extends Pick<Handler, "fetch"> {
  readonly log: Recorder["lines"];
}

/** Runs a test with a handler of its own, and fails when an error reached the process. */
async function withFetch(
  { source = countingGatherer(), ...options }: HandlerOptions & { readonly source?: Source },
  run: (tested: FetchTest) => Promise<void>,
): Promise<void> {
  const errors = captureProcessErrors();
  const recorder = createRecorder();
  const { fetch, close } = createHandler(source, { logger: recorder, ...options });
  await run({ fetch: (request) => within("fetch()", fetch(request)), log: recorder.lines });
  close();
  await errors.assertNone();
}

function read(response: Response): Promise<string> {
  return within("the body", response.text());
}

/** What the handler says of its scrapes. */
async function eventsOf({ fetch }: FetchTest): Promise<string> {
  return read(await fetch(new Request(`${URL}?name[]=promhttp_scrape_events_total`)));
}

test("fetch() answers a scrape with the whole body and its length", () =>
  withFetch({ selfMetrics: false }, async ({ fetch, log }) => {
    const response = await fetch(new Request(URL));
    assert.equal(response.status, 200);
    assert.deepEqual(Object.fromEntries(response.headers), {
      "cache-control": "no-store, no-transform",
      "content-length": String(UP_TEXT.length),
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "process-start-time-unix": String(Math.floor(performance.timeOrigin / 1_000)),
      vary: "Accept, Accept-Encoding",
      "x-content-type-options": "nosniff",
    });
    assert.equal(await read(response), UP_TEXT);
    assert.deepEqual(log, []);
  }));

test("fetch() reads the headers and the query of a scrape", () =>
  withFetch({ source: longGatherer(50) }, async ({ fetch }) => {
    const headers = {
      Accept: "application/openmetrics-text;version=1.0.0",
      "Accept-Encoding": "gzip",
    };
    const response = await fetch(new Request(`${URL}?name[]=long`, { headers }));
    assert.equal(
      response.headers.get("Content-Type"),
      "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
    );
    assert.equal(response.headers.get("Content-Encoding"), "gzip");
    const body = Buffer.from(await response.arrayBuffer());
    assert.equal(response.headers.get("Content-Length"), String(body.length));
    assert.match(gunzipSync(body).toString(), /^# TYPE long gauge\n(long.*\n){50}# EOF\n$/);
    assert.equal((await fetch(new Request(`${URL}?name[]=%`))).status, 400);
  }));

test("fetch() leaves the connection and the empty bodies to the runtime", () =>
  withFetch({}, async ({ fetch }) => {
    const refused = await fetch(new Request(URL, { headers: { "Content-Length": "5" } }));
    assert.equal(refused.status, 413);
    assert.equal(refused.headers.get("Connection"), null);
    for (const method of ["HEAD", "OPTIONS"]) {
      const { body, headers } = await fetch(new Request(URL, { method }));
      assert.equal(body, null);
      assert.equal(headers.get("Content-Length"), null);
    }
  }));

test("fetch() reads the host from its header, or else from the URL", () =>
  withFetch({ allowedHosts: ["metrics.example.com"] }, async ({ fetch }) => {
    assert.equal((await fetch(new Request(URL))).status, 200);
    assert.equal((await fetch(new Request("http://evil.example.com/metrics"))).status, 403);
    const headers = { Host: "evil.example.com" };
    assert.equal((await fetch(new Request(URL, { headers }))).status, 403);
  }));

test("fetch() streams a long body, and reads no faster than it is read", async () => {
  const source = longGatherer(5_000);
  await withFetch({ source, selfMetrics: false }, async ({ fetch, log }) => {
    const response = await fetch(new Request(URL));
    assert.equal(response.headers.get("Content-Length"), null);
    await turns(20);
    // Two chunks of 64 KiB tell that there is more than one.
    assert.ok(source.read < 200, `${source.read} metrics were read`);
    const text = await read(response);
    assert.equal(text.match(/^long\{index="\d+",padding="x{1000}"\} \d+\n/gm)?.length, 5_000);
    assert.deepEqual(log, []);
  });
});

test("a stream of fetch() fails when the body does, without the reason", async () => {
  const source = longGatherer(ENDLESS, (at) => {
    if (at === 5_000) throw new Error("the password is s3cr3t");
  });
  await withFetch({ source }, async (tested) => {
    const response = await tested.fetch(new Request(URL));
    assert.equal(response.status, 200);
    await assert.rejects(read(response), CUT_OFF);
    assert.match(tested.log.join("\n"), /^error promhttp: The scrape failed: Error: the password/);
    assert.equal((await tested.fetch(new Request(URL, { method: "HEAD" }))).status, 200);
  });
});

test("a stream of fetch() that nobody reads fails when the scrape takes too long", async () => {
  const source = longGatherer(ENDLESS);
  await withFetch({ source, timeoutMs: scaleWait(1_000) }, async ({ fetch, log }) => {
    const response = await fetch(new Request(URL));
    await turnsUntil("the timeout", () => log.length > 0);
    await source.stopped();
    await assert.rejects(read(response), CUT_OFF);
    assert.equal(log.length, 1);
  });
});

for (const encoding of ["identity", "gzip"]) {
  test(`a stream of fetch() that is cancelled stops the reading: ${encoding}`, async () => {
    const source = longGatherer(ENDLESS);
    await withFetch({ source }, async (tested) => {
      const headers = { "Accept-Encoding": encoding };
      const response = await tested.fetch(new Request(URL, { headers }));
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
      const stoppedAt = await source.stopped();
      await turns(10);
      assert.equal(source.read, stoppedAt);
      assert.match(await eventsOf(tested), /\{event="aborted"\} 1\n/);
      assert.deepEqual(tested.log, []);
    });
  });
}

test("fetch() resolves with 499 for a client that disconnects while collectors run", async () => {
  const source = blockingGatherer();
  await withFetch({ source }, async ({ fetch }) => {
    const client = new AbortController();
    const pending = fetch(new Request(URL, { signal: client.signal }));
    await source.started();
    client.abort();
    assert.equal((await pending).status, 499);
    source.release();
  });
});

test("fetch() gathers nothing for a client that has disconnected before", async () => {
  const source = countingGatherer();
  await withFetch({ source }, async ({ fetch, log }) => {
    const response = await fetch(new Request(URL, { signal: AbortSignal.abort() }));
    assert.equal(response.status, 499);
    assert.equal(source.calls, 0);
    assert.deepEqual(log, []);
  });
});

test("fetch() stops listening to the request's signal, which may live longer", async (t) => {
  const { signal } = new Request(URL);
  const added = t.mock.method(signal, "addEventListener");
  const removed = t.mock.method(signal, "removeEventListener");
  await withFetch({ source: longGatherer(500) }, async ({ fetch }) => {
    const request = Object.defineProperty(new Request(URL), "signal", { value: signal });
    await read(await fetch(request));
    await turns(1);
    assert.equal(added.mock.callCount(), 1);
    assert.deepEqual(removed.mock.calls[0]?.arguments, added.mock.calls[0]?.arguments);
  });
});

test("fetch() never rejects, whatever it is given", async () => {
  const { fetch } = createHandler(countingGatherer(), { logger: false });
  for (const request of [undefined, null, {}, "http://example.com"]) {
    // What a caller in JavaScript may pass.
    assert.ok((await fetch(request as unknown as Request)).status >= 400);
  }
});

/** How a request looks within Next.js: in code that it has bundled, and in code that it has not. */
const NEXT: Readonly<Record<string, () => Request>> = {
  "by its variable": () => new Request(URL, GZIP),
  "by its request": () => Object.assign(new Request(URL, GZIP), { nextUrl: {} }),
};

const GZIP = { headers: { "Accept-Encoding": "gzip" } };

for (const [name, makeRequest] of Object.entries(NEXT)) {
  test(`fetch() leaves compression to Next.js, which it knows ${name}`, async (t) => {
    if (name === "by its variable") process.env["NEXT_RUNTIME"] = "nodejs";
    t.after(() => {
      delete process.env["NEXT_RUNTIME"];
    });
    await withFetch({ source: longGatherer(500) }, async ({ fetch }) => {
      const response = await fetch(makeRequest());
      assert.equal(response.headers.get("Content-Encoding"), null);
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.match(await read(response), /^# TYPE long gauge\n/);
    });
  });
}

test("an answer of fetch() without a text has the headers of every answer", async () => {
  const { fetch } = createHandler(countingGatherer(), { logger: false });
  const left = await fetch(new Request(URL, { signal: AbortSignal.abort() }));
  const failed = await fetch({ method: "GET", url: URL, headers: new Headers() } as Request);
  assert.deepEqual([left.status, failed.status], [499, 500]);
  for (const { headers } of [left, failed]) {
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
  }
});

test("fetch() passes on what Next.js throws to interrupt a prerender, and logs nothing", async () => {
  const interruption = Object.assign(new Error("used request.url"), {
    digest: "NEXT_PRERENDER_INTERRUPTED",
  });
  await withFetch({}, async ({ fetch, log }) => {
    const request = Object.defineProperty(new Request(URL), "url", {
      get() {
        throw interruption;
      },
    });
    await assert.rejects(fetch(request), (error) => error === interruption);
    assert.deepEqual(log, []);
  });
});

test("fetch() reads its request in the turn of its call, as Next.js demands", async () => {
  await withFetch({}, async ({ fetch }) => {
    let hasRead = false;
    const request = Object.defineProperty(new Request(URL), "url", {
      get() {
        hasRead = true;
        return URL;
      },
    });
    const response = fetch(request);
    assert.ok(hasRead);
    await response;
  });
});
