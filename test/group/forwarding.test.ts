import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { LightSignal } from "../../src/abort.ts";
import { Forwarder } from "../../src/group/forwarding.ts";
import { createLog } from "../../src/log.ts";
import { resolveHandlerOptions } from "../../src/options/rules.ts";
import { createGate } from "../helpers/gate.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { type Harness, scraperOf } from "../scrape/harness.ts";

interface Hub extends Pick<Harness, "get" | "run"> {
  readonly path: string;
  readonly logged: string[];
  listen(answer: RequestListener): Promise<() => Promise<void>>;
}

/** Runs a test with a forwarder, and a hub that the test makes. */
function withForwarder(
  options: { readonly maxRequestsInFlight?: number; readonly timeoutMs?: number },
  run: (hub: Hub) => Promise<void>,
): Promise<void> {
  return withTempDir(async (folder) => {
    const logged: string[] = [];
    const log = createLog({
      error: (line) => logged.push(line),
      warn: (line) => logged.push(line),
    });
    const path = join(folder, "hub.sock");
    const forwarder = new Forwarder({
      options: resolveHandlerOptions(options),
      log,
      socketPath: () => path,
    });
    const alive = setInterval(() => {}, 1_000);
    const closings: (() => Promise<void>)[] = [];
    const listen = async (answer: RequestListener) => {
      const server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const close = () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        });
      closings.push(close);
      return close;
    };
    try {
      await run({ path, logged, listen, ...scraperOf({ scrape: forwarder.scrapeOf("/metrics") }) });
    } finally {
      for (const close of closings) await close();
      clearInterval(alive);
      forwarder.close();
    }
  });
}

test("an answer is passed back as it is: status, headers and body", () =>
  withForwarder({}, async ({ get, listen }) => {
    const seen: unknown[] = [];
    await listen(({ method, url, headers }, response) => {
      seen.push([
        method,
        url,
        headers.accept,
        headers["accept-encoding"],
        headers["promhttp-page"],
      ]);
      response.writeHead(404, { "Content-Type": "text/plain", "Cache-Control": "no-store" });
      response.end("gone");
    });
    const request = { query: "worker=9", accept: "text/plain", acceptEncoding: "gzip" };
    assert.deepEqual(await get(request), {
      ...{ status: 404, text: "gone", isStream: true, isCut: false },
      headers: { "Content-Type": "text/plain", "Cache-Control": "no-store" },
    });
    await get({ isHead: true, isPage: true });
    assert.deepEqual(seen, [
      ["GET", "/metrics?worker=9", "text/plain", "gzip", undefined],
      ["HEAD", "/metrics", undefined, undefined, "1"],
    ]);
  }));

test("a scrape waits for the next hub, as long as nothing of an answer is there", (t) => {
  // A machine that stops for a second must not take it from the scrape.
  t.mock.method(performance, "now", () => 0);
  return withForwarder({}, async ({ get, listen }) => {
    const answer = get();
    const close = await listen((_request, response) => response.end("metrics"));
    assert.equal((await answer)?.text, "metrics");
    await close();
    let asked = 0;
    await listen((request, response) => {
      asked++;
      if (asked === 1) request.socket.destroy();
      else response.end("more");
    });
    assert.equal((await get())?.text, "more");
    assert.equal(asked, 2);
  });
});

test("a body that ends too soon is cut off, and not asked for again", () =>
  withForwarder({}, async ({ get, listen }) => {
    let asked = 0;
    await listen((request, response) => {
      asked++;
      response.write("half");
      setImmediate(() => request.socket.destroy());
    });
    const sent = await get();
    assert.deepEqual([sent?.status, sent?.isCut, asked], [200, true, 1]);
  }));

test("without a hub a scrape gets 503 after a second", () =>
  withForwarder({}, async ({ get, logged }) => {
    const sent = await get();
    assert.equal(sent?.status, 503);
    assert.equal(sent?.headers["Retry-After"], "1");
    assert.match(logged[0] ?? "", /Cannot reach the worker that answers for all/);
  }));

test("a client that disconnects ends the request to the hub", () =>
  withForwarder({}, async ({ get, listen }) => {
    const gone = createGate();
    const client = new LightSignal();
    await listen((request) => {
      request.on("close", gone.open);
      client.abort(new Error("gone"));
    });
    assert.equal(await get({ signal: client }), undefined);
    await gone.promise;
  }));

test("a hub that does not answer costs no more than the scrape's time", () =>
  withForwarder({ timeoutMs: 200 }, async ({ get, listen }) => {
    await listen(() => {});
    assert.equal((await get())?.status, 503);
  }));

test("more scrapes than may run at once get 503", () =>
  withForwarder({ maxRequestsInFlight: 1 }, async ({ get, listen }) => {
    const arrived = createGate();
    const gate = createGate();
    await listen(async (_request, response) => {
      arrived.open();
      await gate.promise;
      response.end("metrics");
    });
    const first = get();
    await arrived.promise;
    assert.equal((await get())?.status, 503);
    gate.open();
    assert.equal((await first)?.status, 200);
    assert.equal((await get())?.status, 200);
  }));

test("a body is read no faster than the client reads it", () =>
  withForwarder({}, async ({ run, listen }) => {
    const chunk = Buffer.alloc(64 * 1_024, "x");
    let sent = 0;
    await listen(async (_request, response) => {
      for (; sent < 1_000; sent++) {
        if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve));
        if (response.destroyed) return;
      }
      response.end();
    });
    await run({}, async ({ body }) => {
      if (body instanceof Uint8Array) throw new Error("The body is whole");
      await body.next(1);
      const before = await settled(() => sent);
      assert.ok(before < 100, `${before} chunks`);
      await body.stop();
    });
  }));

/** Waits until a number does not change any more. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1, same = 0; ; last = read()) {
    same = read() === last ? same + 1 : 0;
    if (same > 20) return last;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
