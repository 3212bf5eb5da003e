import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { ListenError } from "../../../../src/errors.ts";
import type { ServerOptions } from "../../../../src/options/options.ts";
import { resolveOptions } from "../../../../src/options/rules.ts";
import { packError, unpackError } from "../../../../src/server/thread/error-parcel.ts";
import { Heartbeat } from "../../../../src/server/thread/heartbeat.ts";
import type {
  FromApplication,
  FromServer,
  ThreadStart,
} from "../../../../src/server/thread/messages.ts";
import { threadFile } from "../../../../src/server/thread/thread-file.ts";
import { UP_FAMILY } from "../../../helpers/families.ts";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { withBusyPort } from "../../../helpers/http/with-busy-port.ts";
import { FakeApplication, type Said } from "./fake-application.ts";

// The thread as its application sees it: the built file, and nothing but messages.

const PROCESS = { pid: 4711, uptimeSeconds: 0, program: "/app/shop.js", directory: "/nowhere" };

const source = (path: string) => ({ path, params: undefined, sourceNames: undefined });

/** Writes down what a thread is to serve. */
function startOf(options: ServerOptions = {}, changes: Partial<ThreadStart> = {}): ThreadStart {
  const {
    logger: _logger,
    onScrape: _hook,
    paths: _paths,
    auth,
    ...others
  } = resolveOptions(options);
  const heartbeat = new Heartbeat();
  heartbeat.beat();
  return {
    target: { kind: "tcp", host: "127.0.0.1", port: 0 },
    label: "127.0.0.1:0",
    options: { ...others, auth: auth && { bearerTokens: auth.bearerTokens } },
    thread: { maxAgeMs: Number.POSITIVE_INFINITY, stuckAfterMs: 30_000 },
    sources: [source("/metrics")],
    probes: [],
    logger: "message-first",
    hasAuthorize: false,
    heartbeat: heartbeat.memory,
    restarts: 0,
    process: PROCESS,
    declared: { failing: undefined, isReady: true },
    ...changes,
  };
}

/** Numbers of no layout. */
const BROKEN = {
  snapshot: {
    ...{ layout: [], order: [], isPartial: false },
    numbers: { count: 1, own: new ArrayBuffer(8) },
  },
};

/** A thread, and what it says. */
class Thread {
  readonly #worker: Worker;
  readonly #said: FromServer[] = [];
  /** Makes answers; the thread does not know of it. */
  readonly application: FakeApplication = new FakeApplication();
  readonly ended: Promise<unknown>;
  /** Resolves with the error that ends it. */
  readonly failed: Promise<unknown>;
  url = "";

  constructor(start: ThreadStart) {
    this.#worker = new Worker(threadFile(), { workerData: start });
    this.#worker.on("message", (message) => this.#said.push(message));
    this.failed = new Promise((resolve) => this.#worker.once("error", resolve));
    this.ended = new Promise((resolve) => this.#worker.once("exit", resolve));
  }

  /** Opens a server, and lets a test use it. */
  static async use(start: ThreadStart, run: (thread: Thread) => Promise<void>): Promise<void> {
    const thread = new Thread(start);
    try {
      thread.url = new URL((await thread.next("open")).url).origin;
      await run(thread);
    } finally {
      await thread.terminate();
    }
  }

  /** Waits for the next message of a type. */
  async next<Type extends FromServer["type"]>(type: Type): Promise<Said<Type>> {
    for (;;) {
      const at = this.#said.findIndex((message) => message.type === type);
      if (at !== -1) return this.#said.splice(at, 1)[0] as Said<Type>;
      await once(this.#worker, "message");
    }
  }

  say(message: FromApplication): void {
    this.#worker.postMessage(message);
  }

  get(path = "/metrics") {
    return httpGet(`${this.url}${path}`);
  }

  /** Answers the next question. */
  async answer(): Promise<Said<"want">> {
    const want = await this.next("want");
    this.say({ ...this.application.answerOf(want.n, [UP_FAMILY]), source: want.source });
    return want;
  }

  async scrape(path?: string) {
    const [response] = await Promise.all([this.get(path), this.answer()]);
    return response;
  }

  async terminate(): Promise<void> {
    this.application.close();
    await this.#worker.terminate();
  }
}

test("a thread serves what the application answers", () =>
  Thread.use(startOf(), async (thread) => {
    const { status, body } = await thread.scrape();
    assert.equal(status, 200);
    assert.match(`${body}`, /^# TYPE up gauge\nup 1\n/);
  }));

test("each further path asks for its own source, and a probe for its answer", () => {
  const sources = ["/metrics", "/db"].map(source);
  const start = startOf(
    { landingPage: true },
    { sources, probes: [{ path: "/probe", probe: {} }] },
  );
  return Thread.use(start, async (thread) => {
    const [response, want] = await Promise.all([thread.get("/db"), thread.answer()]);
    assert.equal(want.source, 1);
    assert.match(`${response.body}`, /^promhttp_snapshot_age_seconds 0$/m);

    const probing = thread.get("/probe?target=a");
    const { n, path } = await thread.next("probe");
    assert.equal(path, "/probe");
    const body = new Uint8Array(Buffer.from("ok"));
    thread.say({ type: "probed", n, response: { status: 200, headers: {}, body } });
    assert.equal(`${(await probing).body}`, "ok");

    const { body: page } = await thread.scrape("/");
    for (const part of ["shop.js", "process 4711 ", 'href="./db"', "/probe"]) {
      assert.ok(`${page}`.includes(part), part);
    }
  });
});

test("a thread does what the application has declared, before and after it was there", () => {
  const declared = { failing: "Broken", isReady: false };
  return Thread.use(startOf({}, { declared }), async (thread) => {
    assert.equal((await thread.get()).status, 500);
    assert.equal((await thread.get("/-/ready")).status, 503);
    thread.say({ type: "ok" });
    thread.say({ type: "ready", isReady: true });
    assert.equal((await thread.scrape()).status, 200);
    assert.equal((await thread.get("/-/ready")).status, 200);
    thread.say({ type: "failing", message: "Again" });
    thread.say({ type: "reload", n: 7 });
    assert.equal((await thread.next("reloaded")).n, 7);
    assert.equal((await thread.get()).status, 500);
  });
});

test("the outcome of an update is counted and logged, with the time that it took", () =>
  Thread.use(startOf(), async (thread) => {
    thread.say({ type: "updated", durationMs: 1_500, error: packError(new Error("Broken")) });
    const { level, args } = await thread.next("log");
    assert.deepEqual([level, args[0]], ["error", "promhttp: Update failed: Error: Broken"]);
    const { body } = await thread.scrape();
    assert.match(`${body}`, /^promhttp_metric_handler_errors_total\{cause="gathering"\} 1$/m);
    assert.match(`${body}`, /^promhttp_scrape_collector_success\{collector="update"\} 0$/m);
    assert.match(
      `${body}`,
      /^promhttp_scrape_collector_duration_seconds\{collector="update"\} 1\.[5-9]/m,
    );
    thread.say({ type: "updated", durationMs: 1 });
    assert.match(`${(await thread.next("log")).args[0]}`, /Updates work again/);
  }));

test("a thread closes when it is asked to, and ends", () =>
  Thread.use(startOf({ shutdownDelayMs: 60_000 }), async (thread) => {
    thread.say({ type: "close" });
    // The second one ends the delay.
    thread.say({ type: "close" });
    await thread.next("closed");
    await thread.ended;
    await assert.rejects(thread.get());
  }));

test("a thread says why it cannot serve, and ends", () =>
  withBusyPort(async (port) => {
    const target = { kind: "tcp", host: "127.0.0.1", port } as const;
    const thread = new Thread(startOf({}, { target, label: `127.0.0.1:${port}` }));
    try {
      const error = unpackError((await thread.next("failed")).error);
      assert.ok(error instanceof ListenError);
      assert.equal(error.address, `127.0.0.1:${port}`);
      assert.equal((error.cause as { code?: string }).code, "EADDRINUSE");
      await thread.ended;
    } finally {
      await thread.terminate();
    }
  }));

test("an answer that is not as the protocol says ends the thread", () =>
  Thread.use(startOf(), async (thread) => {
    const scraping = thread.get().catch(() => {});
    const { n } = await thread.next("want");
    thread.say({ ...thread.application.answerOf(n, [UP_FAMILY]), ...BROKEN });
    assert.match(`${await thread.failed}`, /Not as the protocol says/);
    await thread.ended;
    await scraping;
  }));
