import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { poll } from "../../helpers/poll.ts";
import { ThreadedApp, type ThreadedOptions } from "../../helpers/processes/threaded-app.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import type { Reading } from "../../helpers/workers/reading.ts";

// What a server in a thread promises, over the built package and real processes. Nothing is said of
// milliseconds: how long an application is stuck is up to the test, and what the metrics say of it is between
// the bounds that the clock of the test sets.

const AGE = "promhttp_snapshot_age_seconds";
const STUCK = "promhttp_event_loop_stuck_seconds";
const RESTARTS = "promhttp_thread_restarts_total";

/** A probe of any target, by the function of the application. */
const PROBE = { allow: "any", probe: true };

const isFresh = (reading: Reading) => reading.value(AGE) === 0 && reading.value(STUCK) === 0;

/** A reading, and between which times it came about, in seconds. */
async function timed(read: () => Promise<Reading>) {
  const from = performance.now() / 1_000;
  const reading = await read();
  return { reading, from, to: performance.now() / 1_000 };
}

/** The value of a metric that every one of these has. */
function readValue(reading: Reading, name: string): number {
  const value = reading.value(name);
  assert.ok(value !== undefined, `${name} is missing:\n${reading.text}`);
  return value;
}

const samplesOf = ({ families }: Reading) => families.flatMap(({ samples }) => samples);

test("a scrape of a stuck application gets the last metrics, their age and how long it is stuck", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "end");
    const healthAddress = `127.0.0.1:${await freePort()}`;
    const health = () => httpGet(`http://${healthAddress}/-/healthy`);
    await using app = await ThreadedApp.start({
      servers: [
        { thread: { stuckAfterMs: 1_000 }, healthAddress },
        { thread: { maxAgeMs: 1_000 } },
      ],
    });
    assert.equal(app.threads, 2);
    await app.tell("inc");
    const before = performance.now() / 1_000;
    const fresh = await app.eventually("a fresh scrape", isFresh);
    assert.equal(readValue(fresh, "jobs_total"), 1);
    assert.equal((await app.scrape(1)).status, 200);

    // What is counted after the last scrape cannot be known.
    await app.tell("inc");
    await app.tell(`block ${file}`);
    const first = await timed(() => app.scrape());
    const second = await timed(() => app.scrape());
    for (const { reading, to } of [first, second]) {
      assert.equal(readValue(reading, "jobs_total"), 1);
      // The rate of a counter that stands still is 0 only if its value is as new as the scrape.
      assert.ok(samplesOf(reading).every(({ timestampMs }) => timestampMs === undefined));
      for (const name of [AGE, STUCK]) {
        const seconds = readValue(reading, name);
        assert.ok(seconds > 0 && seconds <= to - before, `${name} ${seconds} of ${to - before}`);
      }
    }
    for (const name of [AGE, STUCK]) {
      const passed = readValue(second.reading, name) - readValue(first.reading, name);
      const bounds = [second.from - first.to, second.to - first.from] as const;
      assert.ok(passed >= bounds[0] && passed <= bounds[1], `${name}: ${passed}, not ${bounds}`);
    }

    await poll("the health to fail", async () => (await app.get("/-/healthy")).status === 503);
    assert.match(`${(await app.get("/")).body}`, /role="status">The event loop .* has been stuck/);
    assert.equal((await health()).status, 503);
    assert.ok(readValue(await app.scrape(), STUCK) > 1);
    const { status, headers } = await app.get("/metrics", 1);
    assert.equal(status, 503);
    assert.match(`${headers["retry-after"]}`, /^\d+$/);
    assert.equal((await app.get("/-/healthy", 1)).status, 200);

    await writeFile(file, "");
    const after = await app.eventually("fresh metrics", isFresh);
    assert.equal(readValue(after, "jobs_total"), 2);
    assert.equal(readValue(after, RESTARTS), 0);
    for (const answer of [app.get("/-/healthy"), health()]) {
      assert.equal((await answer).status, 200);
    }
    assert.equal((await app.scrape(1)).status, 200);
    assert.doesNotMatch(`${(await app.get("/")).body}`, /role="status"/);
  }));

test("an application that a debugger has paused is stuck, and turns again afterwards", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "end");
    await using app = await ThreadedApp.start();
    await app.tell("inc");
    assert.equal(readValue(await app.scrape(), "jobs_total"), 1);
    await app.tell(`pause ${file}`);
    const isStuck = (reading: Reading) => readValue(reading, STUCK) > 0.5;
    const paused = await app.eventually("a stuck event loop", isStuck);
    assert.equal(readValue(paused, "jobs_total"), 1);
    assert.ok(readValue(paused, AGE) > 0.5);
    await writeFile(file, "");
    await app.eventually("fresh metrics", isFresh);
  }));

test("while an application is stuck, only what needs a function of it gets 503", () =>
  withTempDir(async (directory) => {
    const file = join(directory, "end");
    const token = "0123456789abcdef";
    await using app = await ThreadedApp.start({
      servers: [
        { thread: true, auth: { authorize: true } },
        { thread: true, auth: { bearerTokens: [token] }, paths: { "/probe": PROBE } },
      ],
    });
    const statuses = async () => {
      const headers = { authorization: `Bearer ${token}` };
      const guarded = (path: string) => app.get(path, 1, headers);
      const answers = [
        ...[app.get("/metrics"), app.get("/metrics", 1), app.get("/-/ready")],
        ...[guarded("/metrics"), guarded("/probe?target=a:1")],
      ];
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    assert.deepEqual(await statuses(), [200, 401, 200, 200, 200]);
    await app.tell(`block ${file}`);
    assert.deepEqual(await statuses(), [503, 401, 200, 200, 503]);
    await writeFile(file, "");
    await poll("all of it", async () => !(await statuses()).includes(503));
    assert.deepEqual(await statuses(), [200, 401, 200, 200, 200]);
  }));

const DEATHS: Readonly<Record<string, { readonly command: string; readonly heapMb?: number }>> = {
  "is terminated": { command: "kill" },
  "is out of memory": { command: "flood", heapMb: 24 },
};

for (const [name, { command, ...options }] of Object.entries(DEATHS)) {
  test(`the server comes back after its thread ${name}, and the application lives`, async () => {
    await using app = await ThreadedApp.start(options);
    await app.tell("inc");
    assert.equal(readValue(await app.scrape(), RESTARTS), 0);
    await app.tell(command);
    await app.line("thread ended");
    await app.tell("inc");
    const reading = await app.eventually("another thread", () => true);
    assert.equal(readValue(reading, "jobs_total"), 2);
    assert.equal(readValue(reading, RESTARTS), 1);
    await app.errorLine(/^promhttp: .*thread/);
    await app.tell("close");
    assert.equal((await app.exit()).code, 0);
  });
}

const [MAJOR = 0] = process.versions.node.split(".").map(Number);

const PERMISSION = [
  MAJOR < 22 ? "--experimental-permission" : "--permission",
  "--allow-fs-read=*",
  ...(MAJOR > 24 ? ["--allow-net"] : []),
];

test("without the permission to start a thread, the application serves itself, and says so once", async () => {
  await using app = await ThreadedApp.start({ flags: PERMISSION });
  assert.equal(app.threads, 0);
  await app.tell("inc");
  const reading = await app.scrape();
  assert.equal(reading.value("jobs_total"), 1);
  assert.equal(reading.value(STUCK), undefined);
  await app.tell("close");
  const { code, stderr } = await app.exit();
  assert.equal(code, 0);
  const lines = stderr.split("\n").filter((line) => line.startsWith("promhttp:"));
  assert.equal(lines.length, 1, stderr);
  assert.match(
    lines[0] ?? "",
    /^promhttp: Cannot start a thread for the server; it runs in that of /,
  );
});

test("with the permission to start a thread, the server runs there", async () => {
  await using app = await ThreadedApp.start({ flags: [...PERMISSION, "--allow-worker"] });
  assert.equal(app.threads, 1);
  assert.equal((await app.scrape()).value("jobs_total"), 0);
  await app.tell("close");
  assert.doesNotMatch((await app.exit()).stderr, /^promhttp:/m);
});

const NOT_IN_A_THREAD = `data:text/javascript,${encodeURIComponent(
  'import { isMainThread } from "node:worker_threads"; if (!isMainThread) process.exit(7);',
)}`;

for (const [what, options] of [
  ["flags", { flags: ["--import", NOT_IN_A_THREAD] }],
  ["NODE_OPTIONS", { env: { NODE_OPTIONS: `--import ${NOT_IN_A_THREAD}` } }],
] satisfies [string, ThreadedOptions][]) {
  test(`what ${what} of the process preload does not run in the thread`, async () => {
    await using app = await ThreadedApp.start(options);
    assert.equal(app.threads, 1);
    assert.equal((await app.scrape()).status, 200);
  });
}

test("a server in a thread keeps its process alive, unless the option unref says no", async () => {
  await using alive = await ThreadedApp.start();
  alive.closeInput();
  await using app = await ThreadedApp.start({ servers: [{ thread: true, unref: true }] });
  assert.equal((await app.scrape()).status, 200);
  const { code, signal } = await app.exit();
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  assert.equal((await alive.scrape()).status, 200);
});

test("a shutdown finishes the scrape that runs, and then ends the thread and nothing else", async () => {
  await using app = await ThreadedApp.start();
  await app.tell("exitCode 3");
  await app.tell("hold");
  const running = app.scrape();
  await app.line("collecting");
  await app.tell("close");
  await poll("the port to close", () => isClosed(app));
  await app.tell("release");
  assert.equal((await running).value("slow"), 0);
  const { code, signal, stdout, stderr } = await app.exit();
  assert.deepEqual({ code, signal, stderr }, { code: 3, signal: null, stderr: "" });
  assert.match(stdout, /does release\nthread ended\nclosed\n$/);
});

async function isClosed(app: ThreadedApp): Promise<boolean> {
  try {
    await app.get("/-/healthy");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  }
}
