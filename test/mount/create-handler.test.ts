import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { test } from "node:test";
import type { RequestHandler } from "express";
import { Counter, Registry } from "prom-client";
import { createHandler, type HandlerOptions } from "../../src/index.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";

const SCRAPE = request("/metrics");

/** Mounts a handler behind code that sees each request and its response first. */
function behind(first: (...parameters: Parameters<RequestListener>) => unknown): Mount {
  return (handler) =>
    listen(
      createServer(async (request, response) => {
        await first(request, response);
        handler(request, response);
      }),
    );
}

/** Not `once()` of node:events, which rejects if an error comes first. */
function closed(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => request.once("close", resolve));
}

test("createHandler() rejects what it cannot serve, and unknown options", () => {
  for (const source of [undefined, {}, []]) {
    // What a caller in JavaScript may pass.
    assert.throws(() => createHandler(source as unknown as Registry), TypeError);
  }
  const make = (options: object) => () => createHandler(new Registry(), options);
  for (const name of ["path", "landingPage", "maxConnections", "unref"]) {
    const message = `Option "${name}" belongs to a server, not to createHandler()`;
    assert.throws(make({ [name]: 1 }), new TypeError(message));
  }
  assert.throws(make({ nonsense: 1 }), new TypeError('Unknown option "nonsense"'));
  assert.throws(make({ timeoutMs: 0 }), RangeError);
});

test("a handler has the types that frameworks ask for", () => {
  const handler = createHandler(countingGatherer());
  const listener: RequestListener = handler;
  const route: RequestHandler = handler;
  const get: (request: Request) => Promise<Response> = handler.fetch;
  // Express takes a function of four parameters for one that handles errors.
  assert.equal(route.length, 2);
  assert.equal(listener, handler);
  assert.equal(get, handler.fetch);
});

test("a handler compares no path, and reads the query", () =>
  withMount({}, async ({ port }) => {
    for (const target of [
      "/?name[]=up",
      "/any/path?name[]=up",
      "/-/healthy?name[]=up",
      "*?name[]=up",
    ]) {
      assert.equal((await rawRequest(port, request(target))).body, UP_TEXT);
    }
    assert.equal((await rawRequest(port, request("/?name[]=%"))).status, 400);
  }));

test("a handler serves metrics of its own, but none of connections", () =>
  withMount({}, async ({ port }) => {
    const { body } = await rawRequest(port, SCRAPE);
    assert.match(body, /^promhttp_metric_handler_requests_in_flight 1$/m);
    assert.doesNotMatch(body, /connections/);
  }));

test("a handler forbids others to compress what it sends, if it compresses itself", async () => {
  for (const [compression, expected] of [
    [undefined, "no-store, no-transform"],
    [false, "no-store"],
  ] as const) {
    await withMount({ compression }, async ({ port }) => {
      const { headers } = await rawRequest(port, SCRAPE);
      assert.equal(headers["cache-control"], expected);
    });
  }
});

test("a handler refuses a request with a body, and closes the connection", async () => {
  const source = countingGatherer();
  await withMount({ source }, async ({ port }) => {
    const headers = ["Content-Length: 5"];
    const text = await rawExchange(port, `${request("/", { headers })}hello`);
    assert.match(text, /^HTTP\/1\.1 413 Payload Too Large\r\n/);
    assert.match(text, /\r\nConnection: close\r\n/);
    assert.equal(source.calls, 0);
  });
});

test("a handler sheds scrapes above its limit", async () => {
  const source = blockingGatherer();
  await withMount({ source, maxRequestsInFlight: 1 }, async ({ connect, port }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await source.started();
    const { status, headers } = await rawRequest(port, SCRAPE);
    assert.equal(status, 503);
    assert.equal(headers["retry-after"], "1");
    source.release();
    assert.equal((await connection.response()).status, 200);
  });
});

test("a handler updates, fails and recovers as a server does", async () => {
  const registry = new Registry();
  const jobs = new Counter({ name: "jobs_total", help: "Jobs.", registers: [registry] });
  const options: HandlerOptions = { statusName: "shop", selfMetrics: false };
  await withMount({ source: registry, ...options }, async ({ handler, port, log }) => {
    const { update, setFailing, setOk } = handler;
    await update(() => jobs.inc());
    assert.match((await rawRequest(port, SCRAPE)).body, /^jobs_total 1\n.*^shop_up 1\n/ms);
    setFailing("no database");
    const failing = await rawRequest(port, SCRAPE);
    assert.equal(failing.status, 500);
    assert.match(failing.body, /^shop_up 0$/m);
    setOk();
    assert.equal((await rawRequest(port, SCRAPE)).status, 200);
    assert.equal(log.length, 1);
  });
});

test("a closed handler has dropped what it kept, and still answers", async () => {
  // Two families of many, so that there are blocks to keep.
  await withMount({ source: longGatherer(500) }, async ({ handler, port }) => {
    for (let scrape = 0; scrape < 3; scrape++) await rawRequest(port, SCRAPE);
    handler.close();
    assert.equal((await rawRequest(port, SCRAPE)).status, 200);
    handler.close();
    handler.close();
  });
});

test("a handler keeps the headers that are set already, except its own", () =>
  withMount(
    {
      selfMetrics: false,
      mount: behind((_request, response) => {
        response.setHeader("X-Own", "kept");
        response.setHeader("Content-Type", "text/html");
        response.setHeader("Content-Length", "1000");
        response.setHeader("Cache-Control", "max-age=60");
        response.statusCode = 404;
      }),
    },
    async ({ connect }) => {
      const connection = await connect();
      for (const method of ["GET", "HEAD"] as const) {
        await connection.send(request("/metrics", { method }));
        const { status, headers, body } = await connection.response({ isHead: method === "HEAD" });
        assert.equal(status, 200);
        assert.equal(headers["x-own"], "kept");
        assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert.equal(headers["cache-control"], "no-store, no-transform");
        const length = method === "GET" ? String(UP_TEXT.length) : undefined;
        assert.equal(headers["content-length"], length);
        assert.equal(body, method === "GET" ? UP_TEXT : "");
      }
    },
  ));

test("a handler answers with a length although something else has set a transfer coding", () =>
  withMount(
    {
      selfMetrics: false,
      mount: behind((_request, response) => response.setHeader("Transfer-Encoding", "chunked")),
    },
    async ({ port }) => {
      for (const [method, status, text] of [
        ["GET", 200, UP_TEXT],
        ["POST", 405, "Method not allowed.\n"],
      ] as const) {
        const { headers, ...rest } = await rawRequest(port, request("/metrics", { method }));
        assert.equal(headers["transfer-encoding"], undefined);
        assert.equal(headers["content-length"], String(text.length));
        assert.deepEqual([rest.status, rest.body], [status, text]);
      }
    },
  ));

test("a handler streams a body although something else has set a length", () =>
  withMount(
    {
      source: longGatherer(500),
      mount: behind((_request, response) => response.setHeader("Content-Length", "10")),
    },
    async ({ port }) => {
      const { headers, body } = await rawRequest(port, SCRAPE);
      assert.equal(headers["content-length"], undefined);
      assert.ok(body.length > 500_000);
    },
  ));

test("a handler does not touch a response that was ended before", () =>
  withMount(
    { mount: behind((_request, response) => response.end("own\n")) },
    async ({ connect, log }) => {
      const connection = await connect();
      for (let scrape = 0; scrape < 2; scrape++) {
        await connection.send(SCRAPE);
        const { headers } = await connection.response();
        assert.equal(headers["connection"], "keep-alive");
      }
      assert.match(log.join("\n"), /^error promhttp: Cannot answer a request: Error: /);
    },
  ));

test("a handler cuts off a response that was begun before", async () => {
  const source = countingGatherer();
  const mount = behind((_request, response) => {
    response.write("own\n");
  });
  await withMount({ source, mount }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
    assert.match(log.join("\n"), /^error promhttp: Cannot answer a request: Error: /);
    assert.equal(source.calls, 0);
  });
});

/** What takes the response away while the metrics are gathered, and what becomes of its client. */
const INTRUDERS = {
  ends: { take: (response: ServerResponse) => response.end("own\n"), isWhole: true },
  begins: { take: (response: ServerResponse) => response.write("own\n"), isWhole: false },
};

for (const [name, { take, isWhole }] of Object.entries(INTRUDERS)) {
  test(`a handler survives a response that something else ${name} while it gathers`, async () => {
    const source = blockingGatherer();
    let response: ServerResponse | undefined;
    const mount = behind((_request, own) => {
      response = own;
    });
    await withMount({ source, mount }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE);
      await source.started();
      if (response !== undefined) take(response);
      source.release();
      await turnsUntil("the log", () => log.length > 0);
      if (isWhole) assert.match((await connection.response()).head, /keep-alive/);
      else assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
      assert.equal(log.length, 1);
    });
  });
}

test("a handler gathers nothing for a client that has disconnected before", async () => {
  const source = countingGatherer();
  let handled = 0;
  const mount = behind(async (request) => {
    if (!request.url?.startsWith("/slow")) return;
    await closed(request);
    await turns(5);
    handled++;
  });
  await withMount({ source, mount }, async ({ connect, port, log }) => {
    const connection = await connect();
    await connection.send(request("/slow"));
    await turns(5);
    connection.socket.destroy();
    await turnsUntil("the request to be handled", () => handled === 1);
    const { body } = await rawRequest(port, SCRAPE);
    assert.equal(source.calls, 1);
    assert.match(body, /\{event="aborted"\} 1\n/);
    assert.deepEqual(log, []);
  });
});

/** What a framework may have done with a request before it passes it on. */
async function readToTheEnd(request: IncomingMessage): Promise<void> {
  request.resume();
  await closed(request);
}

test("a handler answers a request that something else has read to its end", async () => {
  const source = blockingGatherer();
  const mount = behind(readToTheEnd);
  await withMount({ source, mount, selfMetrics: false }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await source.started();
    await turns(5);
    source.release();
    assert.equal((await connection.response()).body, UP_TEXT);
    assert.deepEqual(log, []);
  });
});

test("a handler sees a disconnect when something else has read the request", async () => {
  const source = blockingGatherer();
  const mount = behind(readToTheEnd);
  await withMount({ source, mount }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    const signal = await source.started();
    connection.socket.destroy();
    await turnsUntil("the abort", () => signal.aborted);
    source.release();
    assert.deepEqual(log, []);
  });
});

test("a handler cuts off a client that closes its side in the middle of a body", async () => {
  const source = longGatherer(1e8);
  await withMount({ source }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await connection.until("some of the body", () => connection.received.length > 100_000);
    connection.socket.end();
    await source.stopped();
    assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
    assert.deepEqual(log, []);
  });
});

test("a handler compresses when something else has declared identity", () =>
  withMount(
    {
      source: longGatherer(500),
      mount: behind((_request, response) => response.setHeader("Content-Encoding", "identity")),
    },
    async ({ port }) => {
      const headers = ["Accept-Encoding: gzip"];
      const response = await rawRequest(port, request("/metrics", { headers }));
      assert.equal(response.headers["content-encoding"], "gzip");
    },
  ));

test("a handler survives errors of the response", async () => {
  const source = longGatherer(1e8);
  let response: ServerResponse | undefined;
  const mount = behind((_request, own) => {
    response = own;
  });
  await withMount({ source, mount }, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await connection.until("some of the body", () => connection.received.length > 100_000);
    response?.destroy(new Error("the disk is on fire"));
    await source.stopped();
    assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
    assert.deepEqual(log, []);
  });
});

test("a handler never throws or rejects, whatever it is given", async () => {
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line), warn() {} };
  const handler = createHandler(countingGatherer(), { logger });
  // What a caller in JavaScript may pass.
  const call = handler as unknown as (...parameters: unknown[]) => unknown;
  for (const parameters of [[], [{}, {}], [null, null], [{}, { on() {} }]]) {
    assert.equal(await call(...parameters), undefined);
  }
  // The same line is logged once a minute.
  assert.equal(lines.length, 1);
});

test("a handler survives a response that can be neither sent nor cut off", async () => {
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line), warn() {} };
  const handler = createHandler(countingGatherer(), { logger, maxRequestsInFlight: 1 });
  const call = handler as unknown as (...parameters: unknown[]) => unknown;
  const request = Object.assign(new EventEmitter(), { method: "GET", url: "/", headers: {} });
  // It has no `destroy()`, as with a framework's own wrapper.
  const response = Object.assign(new EventEmitter(), {
    req: request,
    getHeader() {},
    removeHeader() {},
    writeHead() {
      throw new Error("the head is on fire");
    },
  });
  call(request, response);
  await turns(3);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /the head is on fire/);
  // It has given its slot back.
  assert.equal((await handler.fetch(new Request("http://localhost/"))).status, 200);
});
