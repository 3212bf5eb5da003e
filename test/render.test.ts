import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Counter, Registry } from "prom-client";
import { GatherError, type Gatherer, type RenderOptions, render } from "../src/index.ts";
import { captureProcessErrors } from "./helpers/capture-process-errors.ts";
import { UP_FAMILY, UP_TEXT } from "./helpers/families.ts";
import { blockingGatherer, countingGatherer, longGatherer } from "./helpers/gatherers.ts";
import { createRecorder } from "./helpers/scraping/recorder.ts";
import { scaleWait } from "./helpers/wait-factor.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS =
  "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

function textOf({ body }: { readonly body: Uint8Array }): string {
  return Buffer.from(body).toString();
}

test("render() returns text without self metrics", async () => {
  const rendered = await render(countingGatherer());
  assert.equal(textOf(rendered), UP_TEXT);
  assert.equal(rendered.contentType, TEXT);
  assert.equal(rendered.contentEncoding, undefined);
});

test("render() accepts several registries", async () => {
  const registry = new Registry();
  new Counter({ name: "jobs_total", help: "Jobs.", registers: [registry] }).inc();
  const { body } = await render([registry, countingGatherer()]);
  assert.match(textOf({ body }), /^jobs_total 1$.+^up 1$/ms);
});

const FORMATS: readonly (readonly [RenderOptions, contentType: string])[] = [
  [{ accept: "application/openmetrics-text;version=1.0.0" }, OPENMETRICS],
  [{ accept: "text/html" }, TEXT],
  [{ formats: ["openmetrics-1.0.0"] }, OPENMETRICS],
  [{ accept: undefined, formats: undefined }, TEXT],
];

for (const [options, contentType] of FORMATS) {
  test(`render() returns the format that ${JSON.stringify(options)} asks for`, async () => {
    const rendered = await render(countingGatherer(), options);
    assert.equal(rendered.contentType, contentType);
    assert.equal(textOf(rendered), contentType === TEXT ? UP_TEXT : `${UP_TEXT}# EOF\n`);
  });
}

test("render() returns a long body whole, and compresses it on request", async () => {
  const plain = await render(longGatherer(5_000));
  assert.equal(textOf(plain).match(/^long\{/gm)?.length, 5_000);
  const acceptEncoding = "gzip";
  const packed = await render(longGatherer(5_000), { acceptEncoding });
  assert.equal(packed.contentEncoding, "gzip");
  assert.ok(gunzipSync(packed.body).equals(plain.body));
  const unpacked = await render(longGatherer(5_000), { acceptEncoding, compression: false });
  assert.equal(unpacked.contentEncoding, undefined);
});

test("render() has the text of a body, and decodes it once", async () => {
  const rendered = await render(longGatherer(3));
  assert.equal(rendered.text, textOf(rendered));
  assert.equal(rendered.text, rendered.text);
  const openmetrics = await render(countingGatherer(), { accept: OPENMETRICS });
  assert.equal(openmetrics.text, `${UP_TEXT}# EOF\n`);
  const { text } = await render(countingGatherer());
  assert.equal(text, UP_TEXT);
});

const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

test("render() has no text of a body that is not text", async () => {
  for (const [options, reason] of [
    [{ acceptEncoding: "gzip" }, "gzip"],
    [{ accept: PROTOBUF.replaceAll(" ", "") }, PROTOBUF],
  ] as const) {
    const rendered = await render(longGatherer(5), options);
    const message = `Cannot read the body as text: it is ${reason}`;
    assert.throws(() => rendered.text, new TypeError(message));
    // It can be copied and shown nevertheless.
    assert.deepEqual(Object.keys({ ...rendered }), ["body", "contentType", "contentEncoding"]);
  }
});

const failing: Gatherer = {
  gather: () => ({
    families: [UP_FAMILY],
    errors: [{ collector: "jobs", error: new Error("the disk is on fire") }],
  }),
};

test("render() rejects when a collector fails", async () => {
  await assert.rejects(render(failing), (error: unknown) => {
    assert.ok(error instanceof GatherError);
    assert.equal(error.code, "ERR_PROMHTTP_GATHER");
    assert.match(String(error.errors[0]), /the disk is on fire/);
    return true;
  });
});

test('"continue": render() skips a collector that fails, and logs it', async () => {
  const logger = createRecorder();
  const rendered = await render(failing, { errorHandling: "continue", logger });
  assert.equal(textOf(rendered), UP_TEXT);
  assert.equal(logger.lines.length, 1);
  assert.match(logger.lines[0] ?? "", /^error promhttp: Collector "jobs" failed/);
});

test("render() rejects with what the encoding throws", async () => {
  for (const failAt of [0, 1_000]) {
    const error = new Error("the disk is on fire");
    const source = longGatherer(1e8, (read) => {
      if (read === failAt) throw error;
    });
    await assert.rejects(render(source), error);
  }
});

test("render() rejects when it takes too long, and stops gathering", async () => {
  const source = blockingGatherer();
  const rendered = assert.rejects(render(source, { timeoutMs: 20 }), {
    code: "ERR_PROMHTTP_SCRAPE_TIMEOUT",
  });
  const signal = await source.started();
  await rendered;
  assert.equal(signal.aborted, true);
  source.release();
  const endless = longGatherer(1e8);
  await assert.rejects(render(endless, { timeoutMs: scaleWait(500) }), {
    code: "ERR_PROMHTTP_SCRAPE_TIMEOUT",
  });
  await endless.stopped();
});

test("render() rejects bad arguments", async () => {
  const errors = captureProcessErrors();
  // What a caller in JavaScript may pass.
  await assert.rejects(render({} as Registry), TypeError);
  for (const [name, value] of [
    ["path", "/metrics"],
    ["onScrape", () => {}],
    ["accept", 7],
    ["acceptEncoding", ["gzip"]],
  ] as const) {
    await assert.rejects(render(countingGatherer(), { [name]: value }), (error: unknown) => {
      return error instanceof TypeError && error.message.includes(`"${name}"`);
    });
  }
  await assert.rejects(render(countingGatherer(), { timeoutMs: 0 }), RangeError);
  await errors.assertNone();
});
