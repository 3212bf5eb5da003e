import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { FORMATS } from "../../src/exposition/formats.ts";
import { Alarm } from "../../src/scrape/alarm.ts";
import { chunksOf } from "../../src/exposition/body.ts";
import { startDeadline } from "../../src/scrape/deadline.ts";
import { createExposer, type ExposerOptions, type Exposition } from "../../src/exposition/expose.ts";
import { createLog } from "../../src/log.ts";
import type { ScrapeRequest, ScrapeResponse } from "../../src/scrape/scrape.ts";
import { SelfMetrics } from "../../src/scrape/self-metrics.ts";
import { UpdateGuard } from "../../src/scrape/update-lock.ts";
import { NEVER } from "./chunks.ts";
import { gaugeOf, largeGauge } from "../scrape/harness.ts";

const OPTIONS: ExposerOptions = {
  formats: FORMATS,
  compression: { encodings: ["gzip"] },
  bodyLimit: undefined,
  maxKeptBytes: 1_000_000,
};

const REQUEST: ScrapeRequest = {
  isHead: false,
  query: "",
  accept: undefined,
  acceptEncoding: undefined,
  timeoutSeconds: undefined,
  signal: NEVER,
};

const SMALL = gaugeOf([{ labels: {}, value: 1 }]);

function create(options: Partial<ExposerOptions> = {}) {
  const self = new SelfMetrics();
  const guard = new UpdateGuard();
  const logged: string[] = [];
  const log = createLog({ error: assert.fail, warn: (message) => logged.push(message) });
  const faults: string[] = [];
  const report = (family: string, reason: string) => faults.push(`${family}: ${reason}`);
  const expose = createExposer({ ...OPTIONS, ...options }, { self, guard, log, report });
  return { expose, self, guard, logged, faults };
}

function exposition(families: readonly MetricFamily[]): Exposition {
  return { families, selection: "" };
}

async function textOf({ body }: ScrapeResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body)) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}

test("response() has the status and the body that it was asked for", async () => {
  for (const status of [200, 500] as const) {
    const { expose } = create();
    const deadline = startDeadline(10_000, NEVER, new Alarm());
    const response = await expose.response(status, exposition([SMALL]), REQUEST, deadline);
    assert.deepEqual(
      { ...response, body: await textOf(response) },
      {
        status,
        headers: {
          "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
          Vary: "Accept, Accept-Encoding",
          "Cache-Control": "no-store",
        },
        body: "# TYPE g gauge\ng 1\n",
      },
    );
    deadline.clear();
  }
});

test("head() has the headers of the format, and no body", () => {
  const { expose, self } = create();
  const accept = "application/openmetrics-text; version=1.0.0";
  const response = expose.head(200, { ...REQUEST, accept });
  assert.equal(
    response.headers["Content-Type"],
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assert.deepEqual([response.status, response.body], [200, new Uint8Array()]);
  assert.equal(self.encoding.count, 0);
});

test("response() keeps to the formats on offer", async () => {
  const { expose } = create({ formats: ["openmetrics-1.0.0"] });
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  const response = await expose.response(200, exposition([SMALL]), REQUEST, deadline);
  assert.match(String(response.headers["Content-Type"]), /^application\/openmetrics-text/);
  assert.equal(await textOf(response), "# TYPE g gauge\ng 1\n# EOF\n");
  deadline.clear();
});

test("response() counts the bytes that are sent, as they are sent", async () => {
  const { expose, self } = create();
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  const sent: [number, string, string][] = [];
  self.sent = (...args) => sent.push(args);
  const gzip = { ...REQUEST, acceptEncoding: "gzip" };
  for (const [family, request] of [
    [SMALL, REQUEST],
    [SMALL, gzip],
    [largeGauge(() => 1), REQUEST],
  ] as const) {
    sent.length = 0;
    const text = await textOf(await expose.response(200, exposition([family]), request, deadline));
    const bytes = sent.reduce((sum, [count]) => sum + count, 0);
    assert.equal(bytes, text.length);
    assert.deepEqual(sent[0]?.slice(1), ["text-0.0.4", "identity"]);
  }
  assert.ok(sent.length > 2);
  const response = await expose.response(200, exposition([largeGauge(() => 1)]), gzip, deadline);
  await textOf(response);
  assert.deepEqual(sent.at(-1)?.slice(1), ["text-0.0.4", "gzip"]);
  deadline.clear();
});

test("response() times encoding once, when the last value is read", async () => {
  const { expose, self } = create();
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  const response = await expose.response(200, exposition([largeGauge(() => 1)]), REQUEST, deadline);
  assert.equal(self.encoding.count, 0);
  await textOf(response);
  assert.equal(self.encoding.count, 1);
  assert.ok(self.encoding.sumMs > 0);
  deadline.clear();
  assert.equal(self.encoding.count, 1);
});

test("a response that nobody reads ends with its deadline, and holds up no update", async () => {
  const { expose, self, guard } = create();
  let reads = 0;
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  await expose.response(200, exposition([largeGauge(() => reads++)]), REQUEST, deadline);
  deadline.clear();
  assert.equal(self.encoding.count, 1);
  const before = reads;
  await guard.update(() => {}, 10_000);
  assert.equal(reads, before);
});

test("response() reports what an encoder has to leave out", async () => {
  const { expose, faults } = create();
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  // A value that is no number, as a gatherer in JavaScript may give it.
  const bad = gaugeOf([{ labels: {}, value: "1" as unknown as number }], "bad");
  await expose.response(200, exposition([bad]), REQUEST, deadline);
  assert.deepEqual(faults, ["bad: a value is not a number"]);
  deadline.clear();
});

test("response() notices a body that is larger than the limit", async () => {
  const { expose, self, logged } = create({ bodyLimit: { bytes: 10, action: "warn" } });
  const deadline = startDeadline(10_000, NEVER, new Alarm());
  await expose.response(200, exposition([SMALL]), REQUEST, deadline);
  assert.deepEqual(logged, ["promhttp: A scrape gave more than 10 bytes"]);
  assert.equal(self.events.oversized, 1);
  const strict = create({ bodyLimit: { bytes: 10, action: "fail" } });
  await assert.rejects(
    async () => strict.expose.response(200, exposition([SMALL]), REQUEST, deadline),
    RangeError,
  );
  assert.equal(strict.self.events.oversized, 1);
  deadline.clear();
});

test("response() throws the reason of a deadline that is over", () => {
  const { expose, self } = create();
  const deadline = startDeadline(10_000, AbortSignal.abort(new Error("gone")), new Alarm());
  assert.throws(() => expose.response(200, exposition([SMALL]), REQUEST, deadline), {
    message: "gone",
  });
  assert.equal(self.encoding.count, 1);
  deadline.clear();
});
