import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal } from "../../../../src/abort.ts";
import { createLog } from "../../../../src/log.ts";
import type { ScrapeRequest } from "../../../../src/scrape/exchange.ts";
import { packError } from "../../../../src/server/thread/error-parcel.ts";
import { forwardProbe } from "../../../../src/server/thread/serving/forwarded-probe.ts";
import { scraperOf } from "../../../scrape/harness.ts";
import { type FakeApplication, withApplication } from "./fake-application.ts";

/** Makes a probe, and returns what asks it; also what is logged. */
function createProbe({ conversation }: FakeApplication) {
  const lines: string[] = [];
  const log = createLog({ error: (line) => lines.push(line), warn() {} });
  const scrape = forwardProbe("/probe", conversation, { options: { timeoutMs: 60_000 }, log });
  return { lines, ...scraperOf({ scrape }) };
}

const QUERY: Partial<ScrapeRequest> = {
  query: "target=a",
  accept: "text/plain",
  timeoutSeconds: "5",
  client: { remoteAddress: "127.0.0.1", header: () => undefined },
};

test("a forwarded probe is answered as the application says", () =>
  withApplication(async (application) => {
    const { get } = createProbe(application);
    const answer = get(QUERY);
    const { n, path, request } = await application.next("probe");
    assert.equal(path, "/probe");
    assert.deepEqual(request, {
      ...{ isHead: false, query: "target=a", accept: "text/plain" },
      ...{ acceptEncoding: undefined, timeoutSeconds: "5" },
    });
    const body = new Uint8Array(Buffer.from("up 1\n"));
    application.say({
      type: "probed",
      n,
      response: { status: 403, headers: { "Content-Type": "text/plain" }, body },
    });
    const { status, headers, text } = (await answer) ?? assert.fail();
    const expected = { status: 403, headers: { "Content-Type": "text/plain" }, text: "up 1\n" };
    assert.deepEqual({ status, headers, text }, expected);
  }));

test("a forwarded probe gets 503 at once while the application is stuck", () =>
  withApplication(async (application) => {
    application.freeze();
    const { status, headers, text } = (await createProbe(application).get(QUERY)) ?? assert.fail();
    assert.equal(status, 503);
    assert.equal(headers["Retry-After"], "1");
    assert.equal(text, "The event loop of the application is stuck.\n");
    const { n } = await application.next("probe");
    assert.equal(application.heartbeat.firstOpen, n + 1);
    // What it has begun ends when its event loop turns.
    assert.deepEqual(await application.next("abandon"), { type: "abandon", n, isLate: false });
  }));

test("a forwarded probe that the application refuses gets 500, and is logged", () =>
  withApplication(async (application) => {
    const { get, lines } = createProbe(application);
    const answer = get(QUERY);
    const { n } = await application.next("probe");
    application.say({ type: "refused", n, error: packError(new Error("s3cr3t")) });
    const { status, text } = (await answer) ?? assert.fail();
    assert.deepEqual([status, text], [500, "The probe failed. See the process log.\n"]);
    assert.deepEqual(lines, ["promhttp: /probe: Cannot let the application answer: Error: s3cr3t"]);
  }));

test("a forwarded probe whose client is gone is abandoned, and not answered", () =>
  withApplication(async (application) => {
    const { get, lines } = createProbe(application);
    const signal = new LightSignal();
    const answer = get({ ...QUERY, signal });
    const { n } = await application.next("probe");
    signal.abort(new Error("Gone"));
    assert.equal(await answer, undefined);
    assert.deepEqual(await application.next("abandon"), { type: "abandon", n, isLate: false });
    assert.deepEqual(lines, []);
  }));

test("a forwarded probe is not answered where the application says that its client is gone", () =>
  withApplication(async (application) => {
    const answer = createProbe(application).get(QUERY);
    const { n } = await application.next("probe");
    application.say({ type: "probed", n, response: undefined });
    assert.equal(await answer, undefined);
  }));
