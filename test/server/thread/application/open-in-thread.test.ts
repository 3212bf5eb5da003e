import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  type Address,
  ConfigError,
  type Gatherer,
  ListenError,
  type Logger,
  Server,
  type ServerOptions,
} from "../../../../src/index.ts";
import { BEAT_MS } from "../../../../src/server/thread/heartbeat.ts";
import { UP_TEXT } from "../../../helpers/families.ts";
import { blockingGatherer, countingGatherer } from "../../../helpers/gatherers.ts";
import { rawGet as get } from "../../../helpers/http/raw-request.ts";
import { assertWaitsForUpdate } from "../../../helpers/http/waits-for-update.ts";
import { withBusyPort } from "../../../helpers/http/with-busy-port.ts";
import { withServer } from "../../../helpers/http/with-server.ts";
import { poll } from "../../../helpers/poll.ts";
import { createRecorder } from "../../../helpers/scraping/recorder.ts";
import { type StartInstead, withThreads } from "../../../helpers/threads.ts";
import { within } from "../../../helpers/within.ts";
import { valueIn } from "../../../scrape/harness.ts";

const bodyOf = async (port: number, target = "/metrics") => (await get(port, target)).body;
const statusOf = async (port: number, target = "/metrics") => (await get(port, target)).status;

test("a server in a thread says where it is, and serves there", () =>
  withServer({ thread: true }, async ({ server, port, log }) => {
    assert.equal(server.url, `http://127.0.0.1:${port}/metrics`);
    assert.deepEqual([server.role, server.isTls], ["alone", false]);
    assert.ok((await bodyOf(port)).startsWith(UP_TEXT));
    assert.deepEqual(log, []);
    const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith("TCPServer"));
    assert.deepEqual(sockets, []);
  }));

const NO_PERMISSION = Object.assign(new Error("Access to this API has been restricted"), {
  code: "ERR_ACCESS_DENIED",
});

for (const [what, start, reason] of [
  [
    "is not permitted",
    () => {
      throw NO_PERMISSION;
    },
    /Error: Access to this API has been restricted$/,
  ],
  [
    "has no file, as in a bundle",
    (_, options) => new Worker(new URL("file:///no/thread.js"), options),
    /Cannot find module/,
  ],
  [
    "fails before it serves",
    (_, options) => new Worker("throw new RangeError('bad luck')", { ...options, eval: true }),
    /RangeError: bad luck$/,
  ],
  [
    "exits before it serves",
    (_, options) => new Worker("process.exit(3)", { ...options, eval: true }),
    /The thread exited with code 3$/,
  ],
] satisfies [string, StartInstead, RegExp][]) {
  test(`the application serves itself where a thread ${what}, and says so once`, () =>
    withThreads(
      () =>
        withServer({ thread: true }, async ({ port, log }) => {
          assert.ok((await bodyOf(port)).startsWith(UP_TEXT));
          const [line = "", ...others] = log;
          assert.match(
            line,
            /^warn promhttp: Cannot start a thread for the server; it runs in that of the application: /,
          );
          assert.match(line, reason);
          assert.deepEqual(others, []);
        }),
      start,
    ));
}

test("an address in use is a ListenError of the application", () =>
  withBusyPort(async (port) => {
    const address = `127.0.0.1:${port}`;
    const listening = Server.listen(countingGatherer(), address, { thread: true, logger: false });
    await assert.rejects(listening, (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.message, `Cannot listen on "${address}": address already in use`);
      assert.equal(error.address, address);
      assert.equal((error.cause as NodeJS.ErrnoException).code, "EADDRINUSE");
      return true;
    });
  }));

test("a file that cannot be used is a ConfigError of the application", async () => {
  const options: ServerOptions = { thread: true, webConfigFile: "/no/web.yml", logger: false };
  const listening = Server.listen(countingGatherer(), "127.0.0.1:0", options);
  await assert.rejects(listening, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual([error.file, error.line], ["/no/web.yml", undefined]);
    return true;
  });
});

test("options that contradict each other are a TypeError of the application", async () => {
  const options: ServerOptions = { thread: true, webConfigFile: "/no/web.yml", tls: {} };
  await assert.rejects(Server.listen(countingGatherer(), ":0", options), TypeError);
});

for (const [what, address, healthAddress] of [
  ["a file descriptor", { fd: 3 }],
  ["sockets of systemd", { systemd: true }],
  ["a file descriptor for health", "127.0.0.1:0", { fd: 3 }],
] satisfies [string, Address, Address?][]) {
  test(`an address that no other thread can open is refused: ${what}`, async () => {
    const options: ServerOptions = { thread: true, healthAddress };
    await assert.rejects(Server.listen(countingGatherer(), address, options), {
      name: "TypeError",
      message:
        /^Option "thread" needs an address that a thread can open again, .* got \{ (fd|systemd)/,
    });
  });
}

test("a server that listens already is refused, and stays open", async () => {
  const owner = createServer();
  await new Promise<void>((resolve) => owner.listen(0, "127.0.0.1", resolve));
  const listening = Server.listen(countingGatherer(), owner, { thread: true });
  await assert.rejects(listening, { name: "TypeError", message: /got a net\.Server$/ });
  assert.equal(owner.listening, true);
  await new Promise((resolve) => owner.close(resolve));
});

test("a thread that dies is replaced at the same port, and told what was declared", () =>
  withThreads(async (started) => {
    const options = { thread: true, statusName: "app" } as const;
    await withServer(options, async ({ server, port, log }) => {
      assert.equal(await statusOf(port), 200);
      server.setReady(false);
      server.setFailing("half done");
      await started[0]?.terminate();
      await poll("another thread", async () => {
        return (await get(port, "/metrics").catch(() => undefined))?.status === 500;
      });
      assert.equal(await statusOf(port, "/-/ready"), 503);
      server.setReady(true);
      server.setOk();
      await poll("the declarations", async () => (await statusOf(port, "/-/ready")) === 200);
      const body = await bodyOf(port);
      assert.equal(valueIn(body, "promhttp_thread_restarts_total"), 1);
      assert.equal(valueIn(body, "app_up"), 1);
      assert.equal(valueIn(body, "up"), 1);
      assert.equal(server.url, `http://127.0.0.1:${port}/metrics`);
      const deaths = log.filter((line) => line.includes("thread"));
      assert.match(deaths[0] ?? "", /^error promhttp: The thread of the server has died; another/);
      assert.match(
        deaths[1] ?? "",
        /^warn promhttp: The thread of the server works again \(1 failure\)$/,
      );
    });
  }));

test("the heartbeat ends with the server", async (t) => {
  const begun = t.mock.method(globalThis, "setInterval");
  const ended = t.mock.method(globalThis, "clearInterval");
  const options = { thread: true, logger: false } as const;
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", options);
  const beats = begun.mock.calls.filter(({ arguments: [, ms] }) => ms === BEAT_MS);
  assert.equal(beats.length, 1);
  await server.close();
  assert.ok(ended.mock.calls.some(({ arguments: [timer] }) => timer === beats[0]?.result));
});

test("a server that is closed while its thread is dead is closed", () =>
  withThreads(async (started) => {
    const server = await Server.listen(countingGatherer(), "127.0.0.1:0", {
      thread: true,
      logger: false,
    });
    await started[0]?.terminate();
    server.setFailing();
    await server.update(() => {});
    await server.reload();
    await within("close()", server.close());
    await within("closed", server.closed);
    await within("close()", server.close());
    assert.equal(started.length, 1);
  }));

test("a server that is closed while its next thread starts is closed", () =>
  withThreads(async (started) => {
    const server = await Server.listen(countingGatherer(), "127.0.0.1:0", {
      thread: true,
      logger: false,
    });
    await started[0]?.terminate();
    await poll("another thread", () => started.length === 2);
    await within("close()", server.close());
  }));

test("a server that is closed says no longer that the event loop turns", async (t) => {
  const started = t.mock.method(globalThis, "setInterval").mock;
  const cleared = t.mock.method(globalThis, "clearInterval").mock;
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", { thread: true });
  await server.close();
  const ended = new Set(cleared.calls.map(({ arguments: [timer] }) => timer));
  assert.ok(started.calls.length > 0);
  for (const { result } of started.calls) assert.ok(ended.has(result));
});

test("a scrape that is running is finished before the thread ends", () => {
  const source = blockingGatherer();
  return withServer({ thread: true, source }, async ({ server, port }) => {
    const scrape = get(port, "/metrics");
    await source.started();
    const closing = server.close();
    await poll("the port to close", async () => {
      return (await get(port, "/-/healthy").catch(() => undefined)) === undefined;
    });
    source.release();
    const { status, body } = await scrape;
    assert.deepEqual([status, body.startsWith(UP_TEXT)], [200, true]);
    await within("close()", closing);
  });
});

test("a collector that hangs does not keep a thread longer than the drain timeout", () => {
  const source = blockingGatherer();
  const options = { thread: true, source, drainTimeoutMs: 10 } as const;
  return withServer(options, async ({ server, port }) => {
    const scrape = get(port, "/metrics").catch(() => "cut off");
    const signal = await source.started();
    await within("close()", server.close());
    assert.equal(await scrape, "cut off");
    assert.equal(signal.aborted, true);
  });
});

test("a thread that does not close is terminated, after a second call even in its delay", async () => {
  for (const shutdownDelayMs of [0, 2 ** 31 - 1]) {
    await withThreads(async (started) => {
      const options = { thread: true, drainTimeoutMs: 10, shutdownDelayMs } as const;
      const server = await Server.listen(countingGatherer(), "127.0.0.1:0", options);
      const [thread] = started;
      // What it is told is lost.
      if (thread !== undefined) thread.postMessage = () => {};
      const closing = server.close();
      void server.close();
      await within("close()", closing);
    });
  }
});

test("close() that is called again ends the delay", () =>
  withServer({ thread: true, shutdownDelayMs: 2 ** 31 - 1 }, async ({ server, port }) => {
    const closing = server.close();
    await poll("the shutdown", async () => (await statusOf(port, "/-/ready")) === 503);
    assert.equal(await statusOf(port), 200);
    void server.close();
    await within("close()", closing);
  }));

test("scrapes wait for an update, and see all of it", () =>
  withServer({ thread: true }, async ({ server, connect }) => {
    await assertWaitsForUpdate(server, await connect(), "/metrics");
  }));

test("an update that fails is counted and logged, and so is its end", () =>
  withServer({ thread: true }, async ({ server, port, log }) => {
    await server.update(() => Promise.reject(new RangeError("broken")));
    await poll("the line", () => log.length === 1);
    assert.equal(log[0], "error promhttp: Update failed: RangeError: broken");
    const series = 'promhttp_scrape_collector_success{collector="update"}';
    assert.equal(valueIn(await bodyOf(port), series), 0);
    await server.update(() => {});
    await poll("the line", () => log.length === 2);
    assert.equal(log[1], "warn promhttp: Updates work again (1 failure)");
    assert.equal(valueIn(await bodyOf(port), series), 1);
  }));

const FAILING = {
  gather: () => ({ families: [], errors: [{ collector: "db", error: new TypeError("no db") }] }),
};

test("lines of the thread come to a logger of any style", async () => {
  const calls: unknown[][] = [];
  const take = (...args: unknown[]) => void calls.push(args);
  const plain = { error: take, warn: take };
  const loggers: Logger[] = [plain, { ...plain, bindings: () => ({}) }];
  for (const logger of [...loggers, { ...plain, dir() {}, groupEnd() {} } as Logger]) {
    await withServer({ thread: true, source: FAILING, logger }, async ({ port }) => {
      assert.equal(await statusOf(port), 500);
    });
  }
  const [[message, fields] = [], [pinoFields, pinoMessage] = [], [text, ...others] = []] = calls;
  const line = 'promhttp: Collector "db" failed; scrapes are answered with an error';
  assert.equal(message, `${line}: TypeError: no db`);
  assert.equal(pinoMessage, line);
  for (const { collector, err } of [fields, pinoFields] as { collector: string; err: Error }[]) {
    assert.equal(collector, "db");
    assert.ok(err instanceof TypeError);
    assert.match(err.stack ?? "", /open-in-thread\.test/);
    assert.equal(JSON.parse(JSON.stringify(err)).message, "no db");
  }
  assert.match(String(text), /: TypeError: no db\n.*open-in-thread\.test/s);
  assert.deepEqual(others, []);
});

test("a logger that throws or rejects does no harm", async () => {
  const error = () => Promise.reject(new Error("full"));
  const warn = () => {
    throw new Error("full");
  };
  const logger = { error, warn };
  await withServer({ thread: true, source: FAILING, logger }, async ({ port }) => {
    assert.equal(await statusOf(port), 500);
  });
});

test("authorize() runs in the application, and decides", async () => {
  const asked: string[] = [];
  const authorize = ({
    path,
    headers,
    remoteAddress,
  }: {
    readonly path: string;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly remoteAddress: string | undefined;
  }) => {
    asked.push(`${path} ${headers["host"]} ${remoteAddress}`);
    return asked.length === 2;
  };
  await withServer({ thread: true, auth: { authorize } }, async ({ port }) => {
    assert.equal(await statusOf(port), 401);
    assert.equal(await statusOf(port), 200);
    assert.deepEqual(asked, Array(2).fill("/metrics test 127.0.0.1"));
  });
});

test("probes run in the application, and are counted", async () => {
  const probe = ({ target }: { readonly target: { readonly text: string } }) => [
    {
      name: "answer",
      help: "",
      type: "gauge",
      metrics: [{ labels: { of: target.text }, value: 42 }],
    } as const,
  ];
  const paths = { "/probe": { probe, allow: ["db1"] } };
  await withServer({ thread: true, paths }, async ({ port }) => {
    assert.match(await bodyOf(port, "/probe?target=db1"), /^answer\{of="db1"\} 42$/m);
    assert.equal(await statusOf(port, "/probe?target=db2"), 403);
    assert.equal(await statusOf(port, "/probe"), 400);
    const body = await bodyOf(port);
    const count = (result: string) =>
      valueIn(body, `promhttp_probes_total{path="/probe",result="${result}"}`);
    assert.deepEqual([count("success"), count("refused")], [1, 2]);
  });
});

test("each path has its own source", async () => {
  const paths = { "/db": countingGatherer(), "/none": { gather: () => ({ families: [] }) } };
  await withServer({ thread: true, paths, selfMetrics: false }, async ({ port }) => {
    assert.equal(await bodyOf(port, "/db"), UP_TEXT);
    assert.equal(await bodyOf(port, "/none"), "");
    assert.equal(paths["/db"].calls, 1);
  });
});

test("scrapes that wait at the same time are one question", () => {
  const blocking = blockingGatherer();
  let asked = 0;
  const gather: Gatherer["gather"] = (context) => {
    if (context.names !== undefined) return { families: [] };
    asked++;
    return blocking.gather(context);
  };
  return withServer({ thread: true, source: { gather } }, async ({ port }) => {
    const first = get(port, "/metrics");
    await blocking.started();
    const second = get(port, "/metrics");
    await poll("the second one to wait", async () => {
      const body = await bodyOf(port, "/metrics?name[]=promhttp_scrape_events_total");
      return valueIn(body, 'promhttp_scrape_events_total{event="shared"}') === 1;
    });
    blocking.release();
    for (const { body } of [await first, await second]) assert.ok(body.startsWith(UP_TEXT));
    assert.equal(asked, 1);
  });
});

test("the hook runs before the collectors", async () => {
  const events: string[] = [];
  const source = {
    gather() {
      events.push("gather");
      return { families: [] };
    },
  };
  const onScrape = async () => void events.push("hook");
  await withServer({ thread: true, source, onScrape }, async ({ port }) => {
    assert.equal(await statusOf(port), 200);
    assert.deepEqual(events, ["hook", "gather"]);
  });
});

test("reload() resolves when the thread has read its files again", () =>
  withServer({ thread: true, auth: { bearerTokens: ["0123456789abcdef"] } }, async ({ server }) => {
    await within("reload()", server.reload());
  }));

test("reload() resolves when the thread dies meanwhile", () =>
  withThreads(async (started) => {
    await withServer({ thread: true }, async ({ server }) => {
      const [thread] = started;
      if (thread !== undefined) thread.postMessage = () => {};
      const reloading = server.reload();
      await thread?.terminate();
      await within("reload()", reloading);
    });
  }));

test("a recorder gets nothing of a server that does well", async () => {
  const logger = createRecorder();
  await withServer({ thread: { maxAgeMs: 1_000, stuckAfterMs: 0 }, logger }, async ({ port }) => {
    assert.equal(await statusOf(port), 200);
  });
  assert.deepEqual(logger.lines, []);
});
