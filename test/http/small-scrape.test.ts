// What a small scrape makes and schedules beside its bytes. Profiles have shown each of these: an
// AbortController with its listeners, a timer, an immediate took 25 to 130 µs of such a scrape.
import assert from "node:assert/strict";
import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { Registry } from "../../src/model/gatherer.ts";
import { createHandler } from "../../src/mount/create-handler.ts";
import { Server } from "../../src/server/server.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";

const REQUEST =
  "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain;version=0.0.4\r\n" +
  "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n";

/** Fills a registry with some 500 lines, all by synchronous collectors. */
function fill({ Registry, Counter, Gauge, Histogram, Summary }: (typeof LIBRARIES)[number]) {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: "c_total", help: "h", labelNames: ["a"], registers });
  const histogram = new Histogram({ name: "h", help: "h", labelNames: ["a"], registers });
  const summary = new Summary({ name: "s", help: "h", registers });
  new Gauge({
    name: "g",
    help: "h",
    registers,
    collect() {
      this.set({}, performance.now());
    },
  });
  const touch = () => {
    for (let index = 0; index < 30; index++) {
      counter.inc({ a: index });
      histogram.observe({ a: index }, index);
    }
    summary.observe({}, 1);
  };
  return { registry: registry as unknown as Registry, touch };
}

/** Counts what is made and scheduled from now on. */
function countAll(t: TestContext) {
  const constructed = { abortControllers: 0, abortSignals: 0 };
  const { AbortController: Controller } = globalThis;
  class CountedController extends Controller {
    constructor() {
      super();
      constructed.abortControllers++;
    }
  }
  globalThis.AbortController = CountedController;
  t.after(() => {
    globalThis.AbortController = Controller;
  });
  const spies = {
    timers: t.mock.method(globalThis, "setTimeout"),
    intervals: t.mock.method(globalThis, "setInterval"),
    immediates: t.mock.method(globalThis, "setImmediate"),
  };
  return () => ({
    abortControllers: constructed.abortControllers,
    ...Object.fromEntries(
      Object.entries(spies).map(([name, { mock }]) => [name, mock.callCount()]),
    ),
  });
}

/** Counts the writes of the sockets that a server accepts. */
function countWrites(server: HttpServer) {
  const state = { writes: 0 };
  server.on("connection", (socket: Socket) => {
    for (const name of ["_write", "_writev"] as const) {
      const write = (socket as unknown as Record<string, (...args: unknown[]) => void>)[name];
      Object.assign(socket, {
        [name](...args: unknown[]) {
          state.writes++;
          return write?.apply(socket, args);
        },
      });
    }
  });
  return state;
}

/** Notes of each response whether it ended in the turn in which its request came. */
function watchTurns(server: HttpServer) {
  const ends: ("at once" | "later")[] = [];
  server.prependListener("request", (_request: IncomingMessage, response) => {
    let isSameTurn = true;
    // It runs before whatever waits for a promise that is resolved already.
    queueMicrotask(() => {
      isSameTurn = false;
    });
    const end = response.end.bind(response);
    response.end = ((...args: Parameters<typeof end>) => {
      ends.push(isSameTurn ? "at once" : "later");
      return end(...args);
    }) as typeof response.end;
  });
  return ends;
}

/** The two ways in: both end at an HTTP server of Node. */
const WAYS: Readonly<Record<string, (registry: Registry) => Promise<Way>>> = {
  async "Server.listen()"(registry) {
    let http: HttpServer | undefined;
    const original = process.getBuiltinModule("node:http").createServer;
    process.getBuiltinModule("node:http").createServer = ((...args: never[]) => {
      http = original(...args);
      return http;
    }) as typeof original;
    try {
      const server = await Server.listen(registry, "127.0.0.1:0", { logger: false });
      assert.ok(http);
      return { http, port: Number(new URL(server.url).port), close: () => server.close() };
    } finally {
      process.getBuiltinModule("node:http").createServer = original;
    }
  },
  async "createHandler()"(registry) {
    const http = createServer(createHandler(registry, { logger: false }));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    const close = async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    };
    return { http, port, close };
  },
};

interface Way {
  readonly http: HttpServer;
  readonly port: number;
  close(): Promise<unknown>;
}

for (const library of LIBRARIES) {
  for (const [name, start] of Object.entries(WAYS)) {
    test(`a small scrape of ${library.name} by ${name} creates only its bytes`, async (t) => {
      const { registry, touch } = fill(library);
      const way = await start(registry);
      t.after(() => way.close());
      const sockets = countWrites(way.http);
      const ends = watchTurns(way.http);
      const connection = await new RawConnection(way.port).opened();
      t.after(() => connection.socket.destroy());
      const scrape = async () => {
        touch();
        // To wait sets a timer of the test, so it begins before anything is counted.
        const answered = connection.response();
        return { answered, send: () => connection.socket.write(REQUEST) };
      };
      for (let round = 0; round < 3; round++) {
        const { answered, send } = await scrape();
        send();
        assert.equal((await answered).status, 200);
      }
      ends.length = 0;
      sockets.writes = 0;
      const { answered, send } = await scrape();
      const counts = countAll(t);
      // The clock stands still, a second on: only scrapes that take long set an immediate.
      const now = performance.now() + 1_000;
      t.mock.method(performance, "now", () => now);
      send();
      const { status, body } = await answered;
      assert.equal(status, 200);
      assert.ok(body.length > 10_000, `${body.length} bytes`);
      assert.deepEqual(counts(), { abortControllers: 0, timers: 0, intervals: 0, immediates: 0 });
      assert.equal(sockets.writes, 1);
      assert.deepEqual(ends, ["at once"]);
    });
  }
}
