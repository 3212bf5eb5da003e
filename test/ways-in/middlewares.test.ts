// Middlewares that see the body of each response: they log it, count it or change it.
import assert from "node:assert/strict";
import { createServer, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import express, { type RequestHandler } from "express";
import { createGate } from "../helpers/gate.ts";
import { longGatherer } from "../helpers/gatherers.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { request } from "../helpers/http/raw-request.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";
import { turns } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { within } from "../helpers/within.ts";
import { checksNamed } from "./contract.ts";
import { mountWay } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";

// They have no types of their own.
const require = createRequire(import.meta.url);
const nothing = () => {};
const silentLogger = { info: nothing, error: nothing, warn: nothing, debug: nothing };

/** Middlewares from npm. */
const PUBLISHED: Readonly<Record<string, () => RequestHandler>> = {
  "express-requests-logger": () => require("express-requests-logger")({ logger: silentLogger }),
  morgan: () => require("morgan")("combined", { stream: { write: nothing } }),
  "response-time": () => require("response-time")(),
  "express-mung": () => require("express-mung").write((chunk: unknown) => chunk),
  "express-modify-response": () =>
    require("express-modify-response")(
      () => true,
      (_request: unknown, _response: unknown, body: Buffer) => body,
    ),
};

type Write = (...parameters: unknown[]) => unknown;

/** A middleware that replaces `write()`, which calls the one before. */
function replacing(replace: (write: Write) => Write): () => RequestHandler {
  return () => (_request, response, next) => {
    response.write = replace(response.write.bind(response) as Write) as typeof response.write;
    next();
  };
}

/** What such middlewares get wrong, or may do. */
const REPLACED: Readonly<Record<string, () => RequestHandler>> = {
  "a write() that returns nothing": replacing((write) => (...parameters) => {
    write(...parameters);
  }),
  "a write() that drops the callback": replacing((write) => (chunk) => write(chunk)),
  "a write() that returns nothing and drops the callback": replacing((write) => (chunk) => {
    write(chunk);
  }),
  "a write() that always returns true": replacing(
    (write) => (chunk) => Boolean(write(chunk)) || true,
  ),
  "a write() that always returns false": replacing(
    (write) => (chunk) => Boolean(write(chunk)) && false,
  ),
  "a write() that is asynchronous": replacing((write) => async (chunk) => {
    await turns(2);
    write(chunk);
  }),
  "an end() that is asynchronous": () => (_request, response, next) => {
    const end = response.end.bind(response) as Write;
    response.end = (async (...parameters: unknown[]) => {
      await turns(2);
      end(...parameters);
    }) as unknown as typeof response.end;
    next();
  },
  "a proxy of the response": () => (_request, response, next) => {
    const write = (chunk: unknown) => {
      response.write(chunk);
    };
    const proxy = new Proxy(response, {
      get(target, name) {
        const value: unknown = name === "write" ? write : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    Object.assign(response.locals, { proxy });
    next();
  },
};

function behind(middleware: () => RequestHandler): Mount {
  return (handler) =>
    listen(
      createServer(
        express()
          .use(middleware())
          .all("/metrics", (incoming, response) =>
            handler(incoming, (response.locals["proxy"] as typeof response) ?? response),
          ),
      ),
    );
}

const CHECKS = checksNamed(/^serves|^answers HEAD|^rejects a body|^answers 500/);
/** Not for those that keep the whole body until its end. */
const FLOWING = checksNamed(/^(reads no|stops reading|cuts off a body).*: identity$/);
const KEEPING = ["express-mung", "express-modify-response"];

for (const [name, middleware] of Object.entries({ ...PUBLISHED, ...REPLACED })) {
  const way = mountWay(`behind ${name} a handler`, behind(middleware));
  testContract([way], KEEPING.includes(name) ? CHECKS : [...CHECKS, ...FLOWING]);
}

test("a handler serves a large body where an agent has replaced write() of every response", async (t) => {
  const { write } = ServerResponse.prototype;
  t.mock.method(ServerResponse.prototype, "write", function (this: ServerResponse, chunk: Buffer) {
    write.call(this, chunk, "utf8");
  });
  await withMount({ source: longGatherer(3_000), selfMetrics: false }, async ({ port, log }) => {
    const { body } = await httpGet(`http://127.0.0.1:${port}/`);
    assert.equal(`${body}`.split("\n").length, 3_002);
    assert.deepEqual(log, []);
  });
});

/** What a replaced method does wrong, and what becomes of the response. */
const BROKEN: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "write() throws": (response) => {
    response.write = () => {
      throw new Error("the disk is full");
    };
  },
  "write() rejects": (response) => {
    response.write = (() => Promise.reject(new Error("the disk is full"))) as never;
  },
  "end() throws": (response) => {
    response.end = () => {
      throw new Error("the disk is full");
    };
  },
  "end() rejects": (response) => {
    response.end = (() => Promise.reject(new Error("the disk is full"))) as never;
  },
};

for (const [name, breakIt] of Object.entries(BROKEN)) {
  test(`a handler cuts the response off and logs it when ${name}`, async () => {
    const settled = createGate();
    const mount: Mount = (handler) =>
      listen(
        createServer((incoming, response) => {
          breakIt(response);
          handler(incoming, response).then(settled.open);
        }),
      );
    await withMount({ mount, source: longGatherer(500) }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(request("/"));
      assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
      await within("the promise", settled.promise);
      assert.match(log.join("\n"), /^error promhttp: [^:]+: Error: the disk is full/);
      assert.equal(log.length, 1);
    });
  });
}

test("a write() that never settles is cut off at the deadline", async () => {
  const settled = createGate();
  const mount: Mount = (handler) =>
    listen(
      createServer((incoming, response) => {
        response.write = (() => new Promise(() => {})) as never;
        handler(incoming, response).then(settled.open);
      }),
    );
  const options = { mount, source: longGatherer(500), timeoutMs: scaleWait(300) };
  await withMount(options, async ({ connect, log }) => {
    const connection = await connect();
    await connection.send(request("/"));
    await connection.closed();
    await within("the promise", settled.promise);
    assert.match(log.join("\n"), /ScrapeTimeoutError/);
  });
});
