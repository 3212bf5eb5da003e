// Requests and responses that are not quite Node's: what serverless platforms, test libraries and
// people's own mocks pass to a handler.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import express from "express";
import fastify from "fastify";
import httpMocks from "node-mocks-http";
import serverless from "serverless-http";
import { createHandler, type Handler, render } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { within } from "../helpers/within.ts";

interface Incoming {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Outgoing {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

type Adapter = (handler: Handler, incoming: Incoming) => Promise<Outgoing>;

type Call = (request: unknown, response: unknown) => Promise<void>;

async function throughServerless(event: object, handler: Handler): Promise<Outgoing> {
  const app = express().use("/metrics", handler);
  const answer = await serverless(app, { binary: true })(event, {});
  const { statusCode, headers, body } = answer as {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: string;
  };
  return { status: statusCode, headers, body: Buffer.from(body ?? "", "base64") };
}

async function throughMocks(
  response: httpMocks.MockResponse<ServerResponse>,
  handler: Handler,
  { method, headers }: Incoming,
): Promise<Outgoing> {
  const mocked = httpMocks.createRequest({ method: method as "GET", url: "/metrics", headers });
  await (handler as Call)(mocked, response);
  const { length } = response._getBuffer();
  const body = length > 0 ? response._getBuffer() : Buffer.from(response._getData());
  return { status: response.statusCode, headers: response.getHeaders(), body };
}

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  "serverless-http, API Gateway 2.0": (handler, { method, headers }) =>
    throughServerless(
      {
        version: "2.0",
        rawPath: "/metrics",
        headers,
        requestContext: { http: { method, path: "/metrics" } },
      },
      handler,
    ),

  "serverless-http, API Gateway 1.0": (handler, { method, headers }) =>
    throughServerless(
      { httpMethod: method, path: "/metrics", headers, requestContext: { httpMethod: method } },
      handler,
    ),

  "Fastify's inject(), which is light-my-request": async (handler, incoming) => {
    const app = fastify();
    app.all("/metrics", (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    const answer = await app.inject({
      url: "/metrics",
      ...incoming,
      method: incoming.method as "GET",
    });
    await app.close();
    return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
  },

  "node-mocks-http": (handler, incoming) =>
    throughMocks(httpMocks.createResponse(), handler, incoming),

  "node-mocks-http with events": (handler, incoming) =>
    throughMocks(httpMocks.createResponse({ eventEmitter: EventEmitter }), handler, incoming),

  "a mock of a response": async (handler, { method, headers }) => {
    const chunks: Uint8Array[] = [];
    const set: Record<string, unknown> = {};
    const response = {
      statusCode: 0,
      setHeader(name: string, value: unknown) {
        set[name.toLowerCase()] = value;
      },
      write(chunk: Uint8Array) {
        chunks.push(chunk);
      },
      end(chunk?: Uint8Array) {
        if (chunk !== undefined) chunks.push(Buffer.from(chunk));
      },
    };
    await (handler as Call)({ method, url: "/metrics", headers }, response);
    return { status: response.statusCode, headers: set, body: Buffer.concat(chunks) };
  },
};

const SOURCES = { small: countingGatherer(), large: longGatherer(500) } as const;

for (const [name, send] of Object.entries(ADAPTERS)) {
  test(`a handler is answered through ${name}`, async () => {
    const errors = captureProcessErrors();
    for (const source of Object.values(SOURCES)) {
      const recorder = createRecorder();
      const handler = createHandler(source, { logger: recorder, selfMetrics: false });
      const expected = Buffer.from((await render(source)).body);
      const get = (method: string, headers = {}) =>
        within(name, send(handler, { method, headers: { host: "localhost", ...headers } }));
      for (const encoding of ["identity", "gzip"]) {
        const { status, headers, body } = await get("GET", { "accept-encoding": encoding });
        assert.equal(status, 200);
        assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        const text = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
        assert.ok(text.equals(expected), "the body differs");
      }
      const head = await get("HEAD");
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      assert.equal(head.headers["content-length"], undefined);
      assert.equal((await get("POST")).status, 405);
      assert.equal((await get("OPTIONS")).status, 204);
      assert.equal((await get("GET", { "content-length": "5" })).status, 413);
      assert.deepEqual(recorder.lines, []);
      handler.close();
    }
    await errors.assertNone();
  });
}

const HEADERS: readonly object[] = [
  { "content-length": 0 },
  { "content-length": "00" },
  { "content-length": undefined },
  { "content-length": null },
  { "content-length": ["0"] },
  { "accept-encoding": ["gzip", "br"], accept: ["text/plain", "*/*"] },
  { "x-prometheus-scrape-timeout-seconds": 10 },
  { host: undefined },
];

test("a handler reads headers that are not texts", async () => {
  const { small } = SOURCES;
  const handler = createHandler(small, { logger: false });
  for (const headers of [...HEADERS, undefined]) {
    const response = httpMocks.createResponse();
    await (handler as Call)({ method: "GET", url: "/", headers }, response);
    assert.equal(response.statusCode, 200, JSON.stringify(headers));
  }
});
