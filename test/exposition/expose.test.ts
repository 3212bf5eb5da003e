import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal, OVER } from "../../src/abort.ts";
import { chunksOf } from "../../src/exposition/body.ts";
import {
  type AcceptHeaders,
  createExposer,
  type Exposition,
  type SelectedFamilies,
} from "../../src/exposition/expose.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { FORMATS, type ResolvedOptions } from "../../src/options/options.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";

type Options = Pick<ResolvedOptions, "formats" | "compression" | "bodyLimit" | "maxKeptBytes">;

const OPTIONS: Options = {
  formats: FORMATS,
  compression: { encodings: ["gzip"] },
  bodyLimit: undefined,
  maxKeptBytes: 1_000_000,
};

const ANYTHING: AcceptHeaders = { accept: undefined, acceptEncoding: undefined };

const SMALL = gaugeOf([{ labels: {}, value: 1 }]);

function create(options: Partial<Options> = {}) {
  const told = {
    encodedMs: [] as number[],
    sent: [] as [bytes: number, format: string, encoding: string][],
    oversized: [] as string[],
    faults: [] as string[],
    within: 0,
    reading: 0,
  };
  const exposer = createExposer(
    { ...OPTIONS, ...options },
    {
      lock: { enter: () => void told.reading++, leave: () => void told.reading-- },
      report: (family, reason) => told.faults.push(`${family}: ${reason}`),
      warn: assert.fail,
      onEncoded: (durationMs) => told.encodedMs.push(durationMs),
      onSent: (...sent) => told.sent.push(sent),
      onOversized: (message) => told.oversized.push(message),
      onWithinLimit: () => told.within++,
    },
  );
  return { exposer, told };
}

function all(families: readonly MetricFamily[]): SelectedFamilies {
  return { families, selection: "" };
}

async function textOf({ body }: Exposition): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body)) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}

test("expose() has the headers and the body of the format", async () => {
  const { exposer } = create();
  const signal = new LightSignal();
  const exposition = await exposer.expose(all([SMALL]), ANYTHING, signal);
  assert.deepEqual(
    { ...exposition, body: await textOf(exposition) },
    {
      headers: {
        "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
        Vary: "Accept, Accept-Encoding",
        "Cache-Control": "no-store",
      },
      body: "# TYPE g gauge\ng 1\n",
    },
  );
  signal.abort(OVER);
});

test("headersOnly() has the headers of the format, and no body", () => {
  const { exposer, told } = create();
  const accept = "application/openmetrics-text; version=1.0.0";
  const response = exposer.headersOnly({ accept });
  assert.equal(
    response.headers["Content-Type"],
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
  );
  assert.deepEqual(response.body, new Uint8Array());
  assert.deepEqual(told.encodedMs, []);
});

test("expose() keeps to the formats on offer", async () => {
  const { exposer } = create({ formats: ["openmetrics-1.0.0"] });
  const signal = new LightSignal();
  const response = await exposer.expose(all([SMALL]), ANYTHING, signal);
  assert.match(String(response.headers["Content-Type"]), /^application\/openmetrics-text/);
  assert.equal(await textOf(response), "# TYPE g gauge\ng 1\n# EOF\n");
  signal.abort(OVER);
});

test("expose() counts the bytes that are sent, as they are sent", async () => {
  const { exposer, told } = create();
  const signal = new LightSignal();
  const { sent } = told;
  const gzip = { ...ANYTHING, acceptEncoding: "gzip" };
  for (const [family, request] of [
    [SMALL, ANYTHING],
    [SMALL, gzip],
    [largeGauge(() => 1), ANYTHING],
  ] as const) {
    sent.length = 0;
    const text = await textOf(await exposer.expose(all([family]), request, signal));
    const bytes = sent.reduce((sum, [count]) => sum + count, 0);
    assert.equal(bytes, text.length);
    assert.deepEqual(sent[0]?.slice(1), ["text-0.0.4", "identity"]);
  }
  assert.ok(sent.length > 2);
  const response = await exposer.expose(all([largeGauge(() => 1)]), gzip, signal);
  await textOf(response);
  assert.deepEqual(sent.at(-1)?.slice(1), ["text-0.0.4", "gzip"]);
  signal.abort(OVER);
});

test("expose() times encoding once, when the last value is read", async () => {
  const { exposer, told } = create();
  const signal = new LightSignal();
  const response = await exposer.expose(all([largeGauge(() => 1)]), ANYTHING, signal);
  assert.deepEqual(told.encodedMs, []);
  await textOf(response);
  assert.equal(told.encodedMs.length, 1);
  assert.ok(told.encodedMs.every((ms) => ms > 0));
  signal.abort(OVER);
  assert.equal(told.encodedMs.length, 1);
});

test("a response that is never read ends with its signal, and releases the lock", async () => {
  const { exposer, told } = create();
  let reads = 0;
  const signal = new LightSignal();
  await exposer.expose(all([largeGauge(() => reads++)]), ANYTHING, signal);
  signal.abort(OVER);
  assert.equal(told.encodedMs.length, 1);
  const before = reads;
  assert.equal(told.reading, 0);
  assert.equal(reads, before);
});

test("expose() reports what an encoder skips", async () => {
  const { exposer, told } = create();
  const signal = new LightSignal();
  // A value that is not a number, as a gatherer in JavaScript may return it.
  const bad = gaugeOf([{ labels: {}, value: "1" as unknown as number }], "bad");
  await exposer.expose(all([bad]), ANYTHING, signal);
  assert.deepEqual(told.faults, ["bad: a value is not a number"]);
  signal.abort(OVER);
});

test("expose() notices a body that is larger than the limit", async () => {
  const { exposer, told } = create({ bodyLimit: { bytes: 10, action: "warn" } });
  const signal = new LightSignal();
  await exposer.expose(all([SMALL]), ANYTHING, signal);
  assert.deepEqual(told.oversized, ["A scrape gave more than 10 bytes"]);
  const strict = create({ bodyLimit: { bytes: 10, action: "fail" } });
  await assert.rejects(
    async () => strict.exposer.expose(all([SMALL]), ANYTHING, signal),
    RangeError,
  );
  assert.equal(strict.told.oversized.length, 1);
  signal.abort(OVER);
});

test("expose() throws the reason of a signal that is over", () => {
  const { exposer, told } = create();
  const signal = new LightSignal();
  signal.abort(new Error("gone"));
  assert.throws(() => exposer.expose(all([SMALL]), ANYTHING, signal), {
    message: "gone",
  });
  assert.equal(told.encodedMs.length, 1);
  signal.abort(OVER);
});

test("expose() never reuses the memory of a response that was cut off", async () => {
  const { exposer } = create();
  const bodyOf = async (value: number) => {
    const signal = new LightSignal();
    const family = gaugeOf([{ labels: {}, value }]);
    const { body } = await exposer.expose(all([family]), ANYTHING, signal);
    assert.ok(body instanceof Uint8Array);
    return { body, signal };
  };
  const cutOff = await bodyOf(1);
  cutOff.signal.abort(new Error("gone"));
  const next = await bodyOf(2);
  next.signal.abort(OVER);
  assert.match(Buffer.from(cutOff.body).toString(), / 1\n$/);
});
