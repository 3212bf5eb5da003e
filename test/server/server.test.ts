import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type Address, ListenError, Server, type Shutdown, type Source } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

const SCRAPE = request("/metrics");

/** The port of a server that listens. */
function portOf(server: { address(): unknown }): number {
  // It is a TCP server.
  return (server.address() as { port: number }).port;
}

const SHUTDOWNS: readonly [name: string, create: () => [Shutdown, () => void]][] = [
  [
    "the signal aborts",
    () => {
      const controller = new AbortController();
      return [controller.signal, () => controller.abort()];
    },
  ],
  [
    "the promise resolves",
    () => {
      let settle = () => {};
      return [new Promise<void>((resolve) => (settle = resolve)), () => settle()];
    },
  ],
];

for (const [name, create] of SHUTDOWNS) {
  test(`Server.run() serves until ${name}`, async () => {
    const errors = captureProcessErrors();
    const { server: owner } = await netServer();
    const [shutdown, end] = create();
    const running = Server.run(countingGatherer(), owner, shutdown, { selfMetrics: false });
    assert.equal((await rawRequest(portOf(owner), SCRAPE)).body, UP_TEXT);
    end();
    assert.equal(await within("run()", running), undefined);
    assert.equal(owner.listening, false);
    await errors.assertNone();
  });
}

test("Server.run() shuts down when the promise rejects, and logs why", async () => {
  const errors = captureProcessErrors();
  const logger = createRecorder();
  const shutdown = Promise.reject(new Error("the disk is full"));
  await within("run()", Server.run(countingGatherer(), "127.0.0.1:0", shutdown, { logger }));
  assert.equal(logger.lines.length, 1);
  assert.match(
    logger.lines[0] ?? "",
    /^error promhttp: Shutting down: the shutdown promise rejected: Error: the disk is full/,
  );
  await errors.assertNone();
});

test("Server.run() serves without a shutdown until its net.Server is closed", async () => {
  const { server: owner } = await netServer();
  let isOver = false;
  const running = Server.run(countingGatherer(), owner).then(() => {
    isOver = true;
  });
  assert.equal((await rawRequest(portOf(owner), SCRAPE)).status, 200);
  await turns(10);
  assert.equal(isOver, false);
  owner.close();
  await within("run()", running);
});

test("Server.run() does not listen when the signal is aborted already", async () => {
  const { server: owner } = await netServer();
  const address = `127.0.0.1:${portOf(owner)}`;
  await Server.run(countingGatherer(), address, AbortSignal.abort());
  owner.close();
  await once(owner, "close");
});

test("Server.run() ends when the signal aborts while it begins to listen", async () => {
  const controller = new AbortController();
  const running = Server.run(countingGatherer(), "127.0.0.1:0", controller.signal);
  controller.abort();
  await within("run()", running);
});

test("Server.run() stops listening to a longer-lived signal, even when it cannot listen", async () => {
  const errors = captureProcessErrors();
  const { server: owner } = await netServer();
  const controller = new AbortController();
  // Eleven listeners of one event would cause a warning.
  for (let attempt = 0; attempt < 20; attempt++) {
    const running = Server.run(countingGatherer(), `127.0.0.1:${portOf(owner)}`, controller.signal);
    await assert.rejects(running, ListenError);
  }
  owner.close();
  await once(owner, "close");
  for (let life = 0; life < 20; life++) {
    const { server } = await netServer();
    const running = Server.run(countingGatherer(), server, controller.signal);
    server.close();
    await running;
  }
  await errors.assertNone();
});

interface BadCall {
  readonly source?: unknown;
  readonly address?: unknown;
  readonly options?: unknown;
  readonly shutdown?: unknown;
  readonly name: "TypeError" | "RangeError";
  readonly message: RegExp;
}

const BAD_CALLS: readonly BadCall[] = [
  { source: undefined, name: "TypeError", message: /^Source must be a registry of / },
  { source: [], name: "TypeError", message: /^Expected at least one registry, got an empty array/ },
  { address: "nowhere", name: "TypeError", message: /^Address must be .*, got "nowhere"$/ },
  { address: ":70000", name: "RangeError", message: /^Port must be an integer/ },
  { options: 5, name: "TypeError", message: /^Options must be an object, got 5/ },
  { options: { metricPath: "/" }, name: "TypeError", message: /^Unknown option "metricPath"/ },
  { options: { path: "metrics" }, name: "RangeError", message: /^Option "path" must be/ },
  { options: { logger: {} }, name: "TypeError", message: /^Option "logger" must be/ },
  { shutdown: "SIGTERM", name: "TypeError", message: /^Shutdown must be/ },
];

for (const call of BAD_CALLS) {
  const { name, message } = call;
  // The casts let through what a caller without types may pass.
  const source = ("source" in call ? call.source : countingGatherer()) as Source;
  const address = (call.address ?? 0) as Address;
  const options = call.options as object | undefined;

  test(`Server.run() rejects with ${message}`, async () => {
    const shutdowns = "shutdown" in call ? [call.shutdown] : [undefined, AbortSignal.abort()];
    for (const shutdown of shutdowns) {
      const running = Server.run(source, address, shutdown as Shutdown, options);
      await assert.rejects(running, { name, message });
    }
  });

  if ("shutdown" in call) continue;
  test(`Server.listen() rejects with ${message}`, () =>
    assert.rejects(Server.listen(source, address, options), { name, message }));
}

test("close() may be called any number of times, at once and afterwards", () =>
  withServer({}, async ({ server, port }) => {
    const first = server.close();
    assert.equal(server.close(), first);
    await Promise.all([first, server.close(), server.closed]);
    await server.close();
    await server[Symbol.asyncDispose]();
    await assert.rejects(rawRequest(port, SCRAPE), /The connection was closed after/);
  }));

test("close() frees the port before it resolves", async () => {
  let address = "127.0.0.1:0";
  for (let life = 0; life < 5; life++) {
    const server = await Server.listen(countingGatherer(), address);
    address = `127.0.0.1:${portOf({ address: () => server.address })}`;
    const connection = await new RawConnection(Number(address.split(":")[1])).opened();
    await connection.send(SCRAPE);
    await connection.response();
    await server.close();
    await connection.closed();
  }
});

test("a server is closed at the end of an `await using` block", async () => {
  let closed: Promise<void>;
  {
    await using server = await Server.listen(countingGatherer(), "127.0.0.1:0");
    closed = server.closed;
    assert.equal((await rawRequest(Number(new URL(server.url).port), SCRAPE)).status, 200);
  }
  await within("closed", closed);
});

test("close() closes idle connections at once, whatever they have sent", () =>
  withServer({ drainTimeoutMs: 600_000 }, async ({ server, connect }) => {
    const silent = await connect();
    const half = await connect();
    await half.send("GET /metrics HTTP/1.1\r\nHost: ");
    const idle = await connect();
    await idle.send(SCRAPE);
    await idle.response();
    const next = await connect();
    await next.send(`${SCRAPE}GET /`);
    await next.response();
    await within("the shutdown", server.close());
    for (const connection of [silent, half, idle, next]) {
      assert.equal(await connection.closed(), "");
    }
  }));

test("setReady(false) makes /-/ready answer 503, and nothing else, until setReady(true)", () =>
  withServer({}, async ({ server, port, log }) => {
    const ready = () => rawRequest(port, request("/-/ready"));
    assert.equal((await ready()).status, 200);
    server.setReady(false);
    const { status, body, headers } = await ready();
    assert.equal(status, 503);
    assert.equal(body, "Not ready.\n");
    assert.equal(headers["connection"], "keep-alive");
    for (const target of ["/metrics", "/-/healthy", "/"]) {
      assert.equal((await rawRequest(port, request(target))).status, 200);
    }
    server.setReady(true);
    assert.equal((await ready()).status, 200);
    assert.deepEqual(log, []);
  }));

test("close() lets running scrapes finish, and answers what is pipelined behind them", async () => {
  const source = blockingGatherer();
  await withServer({ source, selfMetrics: false }, async ({ server, port, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await source.started();
    const closing = server.close();
    assert.equal(
      await Promise.race([closing, turns(10).then(() => "still waiting")]),
      "still waiting",
    );
    await assert.rejects(rawRequest(port, SCRAPE));
    await connection.send(request("/-/ready") + request("/-/healthy"));
    await turns(5);
    source.release();
    assert.equal((await connection.response()).body, UP_TEXT);
    const ready = await connection.response();
    assert.equal(ready.status, 503);
    assert.equal(ready.body, "Shutting down.\n");
    assert.equal(ready.headers["connection"], "close");
    // The one before has announced the end of the connection.
    assert.equal(await connection.closed(), "");
    await closing;
  });
});

test("close() destroys what is left after the drain timeout", async () => {
  const source = blockingGatherer();
  const options = { source, drainTimeoutMs: 30 };
  await withServer(options, async ({ server, connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    const signal = await source.started();
    const startedAt = performance.now();
    await within("the shutdown", server.close());
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 29, `${tookMs} ms`);
    assert.equal(await connection.closed(), "");
    await turnsUntil("the abort", () => signal.aborted);
    source.release();
    await turns(3);
    assert.deepEqual(log, []);
  });
});

test("close() cuts off at once when the drain timeout is 0", async () => {
  const source = blockingGatherer();
  await withServer({ source, drainTimeoutMs: 0 }, async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await source.started();
    await server.close();
    assert.equal(await connection.closed(), "");
  });
});

test("close() closes connections that a net.Server hands over too late", async () => {
  const source = blockingGatherer();
  const { server: owner } = await netServer();
  await withServer({ source, address: owner }, async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await source.started();
    const closing = server.close();
    const other = await netServer();
    other.server.on("connection", (socket) => owner.emit("connection", socket));
    const late = new RawConnection(portOf(other.server));
    assert.equal(await late.closed(), "");
    other.server.close();
    source.release();
    assert.equal((await connection.response()).status, 200);
    await closing;
  });
});

const LOGGERS = {
  throws: () => {
    throw new Error("no log");
  },
  "rejects later": () => Promise.reject(new Error("no log")),
};

for (const [name, error] of Object.entries(LOGGERS)) {
  test(`a logger that ${name} does no harm`, async () => {
    const source = { gather: () => Promise.reject(new Error("no metrics")) };
    await withServer({ source, logger: { error, warn: error } }, async ({ port }) => {
      assert.equal((await rawRequest(port, SCRAPE)).status, 500);
      await turns(3);
      assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
    });
  });
}

test("a server without a logger is silent", async (t) => {
  const error = t.mock.method(console, "error", () => {});
  const warn = t.mock.method(console, "warn", () => {});
  const source = { gather: () => Promise.reject(new Error("no metrics")) };
  await withServer({ source, logger: false }, async ({ port }) => {
    assert.equal((await rawRequest(port, SCRAPE)).status, 500);
  });
  await withServer({ source, logger: console }, async ({ port }) => {
    assert.equal((await rawRequest(port, SCRAPE)).status, 500);
  });
  assert.equal(error.mock.callCount(), 1);
  assert.equal(warn.mock.callCount(), 0);
});

test("a server marked as failing answers 500 until it is marked as OK", () =>
  withServer({ statusName: "app", selfMetrics: false }, async ({ server, port, log }) => {
    server.setFailing("the database is gone");
    const failing = await rawRequest(port, SCRAPE);
    assert.equal(failing.status, 500);
    assert.match(failing.body, /^app_up 0$/m);
    assert.doesNotMatch(failing.body, /database/);
    assert.match(log.join("\n"), /the database is gone/);
    server.setOk();
    const fine = await rawRequest(port, SCRAPE);
    assert.equal(fine.status, 200);
    assert.match(fine.body, /^app_up 1$/m);
  }));

test("a scrape waits for an update that came before it", () =>
  withServer({}, async ({ server, port }) => {
    const steps: string[] = [];
    let finish = () => {};
    const updated = server.update(async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      steps.push("updated");
    });
    const scraped = rawRequest(port, SCRAPE).then(() => steps.push("scraped"));
    await turns(5);
    finish();
    await Promise.all([updated, scraped]);
    assert.deepEqual(steps, ["updated", "scraped"]);
  }));

test("Server.listen() rejects a path that it answers itself", async () => {
  const listening = Server.listen(countingGatherer(), "127.0.0.1:0", { path: "/-/healthy" });
  await assert.rejects(listening, RangeError);
});
