import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import express from "express";
import fastify from "fastify";
import type { ExporterConfig } from "../../src/exporter/exporter-config.ts";
import { PrometheusExporter } from "../../src/exporter/prometheus-exporter.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { createGate } from "../helpers/gate.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { withBusyPort } from "../helpers/http/with-busy-port.ts";
import { listen } from "../helpers/http/with-mount.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turns } from "../helpers/turns.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";

/** Makes an exporter of one counter, and gives the promise of its callback. */
function createExporter(config: ExporterConfig = {}) {
  const logger = createRecorder();
  let callback = (_: unknown) => {};
  const called = new Promise<unknown>((resolve) => {
    callback = resolve;
  });
  const exporter = new PrometheusExporter(
    { host: "127.0.0.1", port: 0, selfMetrics: false, logger, ...config },
    (error) => callback(error),
  );
  const provider = new MeterProvider({ readers: [exporter] });
  provider.getMeter("m").createCounter("jobs", { description: "Jobs." }).add(3);
  return { exporter, provider, called, log: logger.lines };
}

/** The sample of that counter. */
const SAMPLE = /^jobs_total\{otel_scope_name="m"\} 3$/m;

test("a PrometheusExporter listens at once, and calls back when it does", async () => {
  const errors = captureProcessErrors();
  const { exporter, called, log } = createExporter();
  assert.equal(exporter.url, undefined);
  assert.equal(await called, undefined);
  const url = exporter.url ?? assert.fail();
  const answer = await httpGet(url);
  assert.equal(answer.status, 200);
  assert.match(`${answer.body}`, SAMPLE);
  assert.deepEqual(log, [
    `warn promhttp: Metrics at ${url} (host: set by the option; port: set by the option)`,
  ]);
  for (const [path, status] of [
    ["/", 404],
    ["/metric", 404],
    ["/-/healthy", 200],
    ["/metrics?debug=1", 200],
  ] as const) {
    assert.equal((await httpGet(new URL(path, url).href)).status, status, path);
  }
  await exporter.shutdown();
  assert.equal(exporter.url, undefined);
  await errors.assertNone();
});

test("the callback is never called synchronously, and once", async () => {
  for (const preventServerStart of [false, true]) {
    const calls: unknown[][] = [];
    const exporter = new PrometheusExporter(
      { host: "127.0.0.1", port: 0, logger: false, preventServerStart },
      (...args) => calls.push(args),
    );
    assert.deepEqual(calls, []);
    if (!preventServerStart) await exporter.startServer();
    await turns(1);
    assert.deepEqual(calls, [[]]);
    await exporter.shutdown();
    assert.equal(calls.length, 1);
  }
});

test("a PrometheusExporter with thread serves from a thread, and can be started again", async () => {
  const errors = captureProcessErrors();
  const { exporter, provider, called } = createExporter({ thread: true, selfMetrics: true });
  assert.equal(await called, undefined);
  for (let start = 1; start <= 2; start++) {
    const { body } = await httpGet(exporter.url ?? assert.fail());
    assert.match(`${body}`, SAMPLE);
    assert.match(`${body}`, /^promhttp_event_loop_stuck_seconds 0$/m);
    await exporter.stopServer();
    if (start === 1) await exporter.startServer();
  }
  await provider.shutdown();
  await errors.assertNone();
});

for (const thread of [false, true])
  test(`a busy port goes to the callback and to the log, and not to the process, with thread: ${thread}`, () =>
    withBusyPort(async (port) => {
      const errors = captureProcessErrors();
      const { exporter, called, log } = createExporter({ port, thread });
      const error = await called;
      assert.equal((error as NodeJS.ErrnoException).code, "EADDRINUSE");
      assert.equal(log.length, 1);
      assert.match(log[0] ?? "", /^error promhttp: Cannot serve metrics: Error: listen EADDRINUSE/);
      await assert.rejects(exporter.startServer(), { code: "EADDRINUSE" });
      await exporter.shutdown();
      await errors.assertNone();
    }));

test("a port that is out of range goes to the callback and to the log", async () => {
  const { called, log } = createExporter({ port: 99_999 });
  assert.ok((await called) instanceof RangeError);
  assert.match(log[0] ?? "", /Port must be an integer from 0 to 65535, got 99999$/);
});

test("the callback may be left out, and an error still reaches nobody", () =>
  withBusyPort(async (port) => {
    const errors = captureProcessErrors();
    const logger = createRecorder();
    const exporter = new PrometheusExporter({ host: "127.0.0.1", port, logger });
    await assert.rejects(exporter.startServer());
    assert.equal(logger.lines.length, 1);
    await errors.assertNone();
  }));

test("what the callback throws ends the process, as with the exporter of OpenTelemetry", () =>
  withBusyPort(async (port) => {
    const busy = await forkFixture("exporter-callback.ts", [`${port}`]).exit();
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /EADDRINUSE/);
    const free = await forkFixture("exporter-callback.ts", ["0"]).exit();
    assert.equal(free.code, 1);
    assert.match(free.stderr, /Error: it listens/);
  }));

test("startServer() and stopServer() may be called any number of times", async () => {
  const errors = captureProcessErrors();
  const port = await freePort();
  const { exporter, called } = createExporter({ preventServerStart: true, port });
  await exporter.stopServer();
  assert.equal(await called, undefined);
  assert.equal(exporter.url, undefined);
  for (let round = 0; round < 2; round++) {
    const started = exporter.startServer();
    assert.equal(exporter.startServer(), started);
    assert.equal(await started, undefined);
    assert.match(`${(await httpGet(`http://127.0.0.1:${port}/metrics`)).body}`, SAMPLE);
    await exporter.stopServer();
    await assert.rejects(httpGet(`http://127.0.0.1:${port}/metrics`), { code: "ECONNREFUSED" });
  }
  await errors.assertNone();
});

test("MeterProvider.shutdown() closes the server; a handler then answers 500", async () => {
  const { exporter, provider, called } = createExporter();
  await called;
  const url = exporter.url ?? assert.fail();
  await within("shutdown()", provider.shutdown());
  await within("shutdown()", exporter.shutdown());
  await assert.rejects(httpGet(url), { code: "ECONNREFUSED" });
  const response = createPlainResponse();
  await exporter.getMetricsRequestHandler({} as IncomingMessage, response as never);
  assert.equal(response.statusCode, 500);
});

test("shutdown() calls a stopServer() that the application has replaced", async () => {
  const { exporter } = createExporter({ preventServerStart: true });
  let calls = 0;
  exporter.stopServer = async () => void calls++;
  await exporter.shutdown();
  assert.equal(calls, 1);
});

test("collect() and forceFlush() are those of a reader", async () => {
  const { exporter, provider } = createExporter({ preventServerStart: true });
  await provider.forceFlush();
  const { resourceMetrics, errors } = await exporter.collect();
  assert.equal(resourceMetrics.scopeMetrics.length, 1);
  assert.deepEqual(errors, []);
});

test("the options of the server are taken, and endpoint may lack its slash", async () => {
  const { exporter, called } = createExporter({ endpoint: "prom", landingPage: true });
  await called;
  const url = exporter.url ?? assert.fail();
  assert.match(url, /\/prom$/);
  assert.match(`${(await httpGet(url)).body}`, SAMPLE);
  assert.equal((await httpGet(new URL("/", url).href)).status, 200);
  await exporter.shutdown();
});

test("Prometheus 2 gets text, so that its series of buckets continue", async () => {
  const { exporter, provider, called } = createExporter();
  provider.getMeter("m").createHistogram("latency").record(3);
  await called;
  const accept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const { headers, body } = await httpGet(exporter.url ?? assert.fail(), { accept });
  assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(`${body}`, /^latency_bucket\{le="5",/m);
  await exporter.shutdown();
});

test("host and port come from the environment, unless an option says otherwise", async () => {
  const port = await freePort();
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: before } =
    process.env;
  process.env["OTEL_EXPORTER_PROMETHEUS_HOST"] = "127.0.0.1";
  process.env["OTEL_EXPORTER_PROMETHEUS_PORT"] = `${port}`;
  try {
    const { exporter, called, log } = createExporter({ host: undefined, port: undefined });
    await called;
    assert.equal(exporter.url, `http://127.0.0.1:${port}/metrics`);
    assert.match(log[0] ?? "", /host: set by OTEL_EXPORTER_PROMETHEUS_HOST; port: set by OTEL_/);
    await exporter.shutdown();
  } finally {
    restore("OTEL_EXPORTER_PROMETHEUS_HOST", host);
    restore("OTEL_EXPORTER_PROMETHEUS_PORT", before);
  }
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

test("without a host it listens where the exporter of the installed SDK 2 does", async () => {
  const { exporter, called, log } = createExporter({ host: undefined });
  assert.equal(await called, undefined);
  assert.match(
    log[0] ?? "",
    /on every interface \(host: default for @opentelemetry\/sdk-metrics 2\./,
  );
  await exporter.shutdown();
});

test("DEFAULT_OPTIONS are those of the exporter of OpenTelemetry", () => {
  assert.deepEqual(PrometheusExporter.DEFAULT_OPTIONS, {
    host: undefined,
    port: 9464,
    endpoint: "/metrics",
    prefix: "",
    appendTimestamp: false,
    withResourceConstantLabels: undefined,
    withoutScopeInfo: false,
    withoutTargetInfo: false,
  });
});

type Handle = PrometheusExporter["getMetricsRequestHandler"];

/** How applications mount the handler. */
const MOUNTS: Readonly<Record<string, (handle: Handle) => ReturnType<typeof listen>>> = {
  "node:http": (handle) =>
    listen(createServer((request, response) => void handle(request, response))),
  Express: (handle) => listen(createServer(express().get("/metrics", handle))),
  "the raw parts of Fastify": async (handle) => {
    const app = fastify();
    app.get("/metrics", (request, reply) => {
      reply.hijack();
      void handle(request.raw, reply.raw);
    });
    await app.ready();
    return listen(app.server);
  },
  "a response of Fastify, and its own request": async (handle) => {
    const app = fastify();
    app.get("/metrics", (request, reply) => {
      reply.hijack();
      // The other exporter does not look at the request.
      void handle(request as never, reply.raw);
    });
    await app.ready();
    return listen(app.server);
  },
  "a response without a request": (handle) =>
    listen(createServer((_, response) => void handle(undefined as never, response))),
};

for (const [name, mount] of Object.entries(MOUNTS)) {
  test(`getMetricsRequestHandler() answers through ${name}, without its exporter`, async () => {
    const errors = captureProcessErrors();
    const { exporter, log } = createExporter({ preventServerStart: true });
    const { getMetricsRequestHandler } = exporter;
    const { port, close } = await mount(getMetricsRequestHandler);
    const answer = await httpGet(`http://127.0.0.1:${port}/metrics`);
    await close();
    assert.equal(answer.status, 200);
    assert.match(`${answer.body}`, SAMPLE);
    await exporter.shutdown();
    assert.deepEqual(log, []);
    await errors.assertNone();
  });
}

/** What applications pass where there is no response of Node. */
function createPlainResponse() {
  const gate = createGate();
  return {
    statusCode: 0,
    headers: {} as Record<string, unknown>,
    body: undefined as unknown,
    ended: gate.promise,
    setHeader(name: string, value: unknown) {
      this.headers[name.toLowerCase()] = value;
    },
    end(body: unknown) {
      this.body = body;
      gate.open();
    },
  };
}

test("getMetricsRequestHandler() gives text to an object with setHeader() and end()", async () => {
  const { exporter } = createExporter({ preventServerStart: true });
  const response = createPlainResponse();
  // Cast: that is what applications write.
  const parts = [{}, response] as unknown as [IncomingMessage, ServerResponse];
  void exporter.getMetricsRequestHandler(...parts);
  await within("end()", response.ended);
  assert.equal(response.statusCode, 200);
  assert.match(String(response.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  assert.equal(typeof response.body, "string");
  assert.match(String(response.body), SAMPLE);
});

test("getMetricsRequestHandler() gives text at once to a response without a connection", async () => {
  const { exporter, provider } = createExporter({ preventServerStart: true });
  const counter = provider.getMeter("m").createCounter("large");
  for (let id = 0; id < 1_500; id++) counter.add(1, { id, padding: "x".repeat(100) });
  for (const request of [{ method: "GET" }, { method: "GET", url: "/", headers: {} }]) {
    const response = new ServerResponse(request as IncomingMessage);
    const gate = createGate();
    let body: unknown;
    // So do applications that turn it into a `Response`.
    response.end = ((text: unknown) => {
      body = text;
      gate.open();
    }) as never;
    void exporter.getMetricsRequestHandler(request as IncomingMessage, response);
    await within("end()", gate.promise);
    assert.equal(response.statusCode, 200);
    assert.equal(typeof body, "string");
    assert.ok(String(body).length > 128 * 1024);
  }
});

test("getMetricsRequestHandler() ends a response with 500 where it cannot answer", async (t) => {
  const { exporter, log } = createExporter({ preventServerStart: true });
  // As in jsdom.
  const { Request } = globalThis;
  t.after(() => Object.assign(globalThis, { Request }));
  Object.assign(globalThis, { Request: undefined });
  const response = createPlainResponse();
  await exporter.getMetricsRequestHandler({} as IncomingMessage, response as never);
  assert.deepEqual([response.statusCode, response.body], [500, ""]);
  assert.match(
    log.join("\n"),
    /^error promhttp: Cannot answer a request: TypeError: Request is not/,
  );
});

test("getMetricsRequestHandler() passes the host on that allowedHosts names", async () => {
  const { exporter } = createExporter({ preventServerStart: true, allowedHosts: ["app.test"] });
  for (const [host, status] of [
    ["app.test:80", 200],
    ["other.test", 403],
  ] as const) {
    const response = createPlainResponse();
    const request = { method: "GET", url: "/", headers: { host } };
    await exporter.getMetricsRequestHandler(request as IncomingMessage, response as never);
    assert.equal(response.statusCode, status);
  }
});

test("an object that throws does not reach the process, but the log", async () => {
  const errors = captureProcessErrors();
  const { exporter, log } = createExporter({ preventServerStart: true });
  const response = {
    statusCode: 0,
    end() {
      throw new Error("closed");
    },
  };
  await exporter.getMetricsRequestHandler({} as IncomingMessage, response as never);
  assert.deepEqual(log, ["error promhttp: Cannot answer a request: Error: closed"]);
  await errors.assertNone();
});

test("a subclass may override the handler", async () => {
  class Counting extends PrometheusExporter {
    calls = 0;
    override getMetricsRequestHandler(): Promise<void> {
      this.calls++;
      return Promise.resolve();
    }
  }
  const exporter = new Counting({ preventServerStart: true });
  const { getMetricsRequestHandler } = exporter;
  await getMetricsRequestHandler();
  assert.equal(exporter.calls, 1);
});

const TOKEN = "0123456789abcdef";

/** Asks without and with the token: over the exporter's own server, and as the application's would. */
async function statusesOf(exporter: PrometheusExporter) {
  const { port, close } = await listen(createServer(exporter.getMetricsRequestHandler));
  const statuses = [];
  for (const url of [exporter.url ?? assert.fail(), `http://127.0.0.1:${port}/`]) {
    statuses.push((await httpGet(url)).status);
    statuses.push((await httpGet(url, { Authorization: `Bearer ${TOKEN}` })).status);
  }
  await close();
  return statuses;
}

test("an exporter asks for credentials, whoever's server gets the request", async () => {
  const { exporter, called } = createExporter({ auth: { bearerTokens: [TOKEN] } });
  await called;
  assert.deepEqual(await statusesOf(exporter), [401, 200, 401, 200]);
  await exporter.shutdown();
});

test("an exporter refuses what it cannot guard on the application's server", async () => {
  await withTempDir(async (directory) => {
    const webConfigFile = join(directory, "web.yml");
    await writeFile(webConfigFile, "");
    const { exporter, called, log } = createExporter({ webConfigFile });
    await called;
    assert.deepEqual(await statusesOf(exporter), [200, 200, 401, 401]);
    assert.match(
      log.join("\n"),
      /^error promhttp: Requests that the application routes are refused: .*"webConfigFile"/m,
    );
    await exporter.shutdown();
  });
});

test("an exporter whose files cannot be honoured serves nothing, and says why", async () => {
  const auth = { bearerTokenFile: "/nowhere/tokens" };
  const { exporter, called, log } = createExporter({ auth });
  assert.match(String(await called), /^ConfigError: .*tokens: there is no such file$/);
  assert.equal(exporter.url, undefined);
  const { port, close } = await listen(createServer(exporter.getMetricsRequestHandler));
  assert.equal((await httpGet(`http://127.0.0.1:${port}/`)).status, 401);
  assert.match(
    log.join("\n"),
    /^error promhttp: Requests that the application routes are refused/m,
  );
  await close();
  await exporter.shutdown();
});
