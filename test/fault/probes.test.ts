// What clients and targets may do to a probe: nothing hangs, nothing is left behind, and the metrics of the
// exporter are served as if there were no probe.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Probe } from "../../src/index.ts";
import { UP_FAMILY } from "../helpers/families.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { type TestServer, withServer } from "../helpers/http/with-server.ts";
import { poll } from "../helpers/poll.ts";
import { within } from "../helpers/within.ts";
import { valueIn } from "../scrape/harness.ts";
import { assertNothingHeld } from "./distinct-targets.ts";
import { askOverHttp, type HungTarget, openHungTarget } from "./hung-target.ts";

const PROBE: Probe = { allow: "127.0.0.0/8", probe: askOverHttp };

/** Longer than any test waits, so that no run ends only because its time is over. */
const TIMEOUT_MS = 300_000;

/** Runs a test with a server of probes at `/probe`, and a target that hangs. */
async function withHungTarget(
  probe: Partial<Probe>,
  run: (server: TestServer, target: HungTarget) => Promise<void>,
): Promise<void> {
  const target = await openHungTarget();
  try {
    const paths = { "/probe": { ...PROBE, ...probe } };
    await withServer({ paths, timeoutMs: TIMEOUT_MS }, (server) => run(server, target));
  } finally {
    await target.close();
  }
}

/** Probes, and gives the status and what its answer says of the success. */
async function verdictOf(port: number, target: string, seconds?: string): Promise<string> {
  const headers = seconds && { "X-Prometheus-Scrape-Timeout-Seconds": seconds };
  const url = `http://127.0.0.1:${port}/probe?target=${encodeURIComponent(target)}`;
  const { status, body } = await httpGet(url, { ...headers });
  return `${status} ${/^probe_success \d$/m.exec(body.toString())?.[0] ?? body.toString().trim()}`;
}

/** Scrapes the exporter itself, and gives what a series says. */
async function ownValue(port: number, series: string): Promise<number | undefined> {
  const { status, body } = await httpGet(`http://127.0.0.1:${port}/metrics`);
  assert.equal(status, 200);
  return valueIn(body.toString(), series);
}

/** The series of the requests in flight. */
const IN_FLIGHT = 'promhttp_probes_in_flight{path="/probe"}';

/** Waits until as many probes are in flight; the exporter's own metrics are served meanwhile. */
async function untilInFlight(port: number, count: number): Promise<void> {
  await poll(`${count} are in flight`, async () => (await ownValue(port, IN_FLIGHT)) === count);
}

test("twenty equal probes of a target that hangs are one run", async () => {
  await withHungTarget({}, async ({ port }, target) => {
    const where = `127.0.0.1:${target.port}`;
    const answers = Array.from({ length: 20 }, () => verdictOf(port, where));
    await untilInFlight(port, 20);
    await target.untilOpen(1);
    target.hangUp();
    assert.deepEqual(await Promise.all(answers), Array(20).fill("200 probe_success 0"));
    assert.equal(target.accepted, 1);
    await untilInFlight(port, 0);
    const failed = 'promhttp_probes_total{path="/probe",result="failure"}';
    assert.equal(await ownValue(port, failed), 20);
  });
});

test("a hundred different targets that hang run at once within the bound, and metrics go on", async () => {
  await withHungTarget({ maxInFlight: 60 }, async ({ port }, target) => {
    const hosts = Array.from({ length: 100 }, (_, index) => `127.0.1.${index}:${target.port}`);
    const answers = hosts.map((host) => verdictOf(port, host));
    const refused = 'promhttp_probes_total{path="/probe",result="refused"}';
    await poll("40 are refused", async () => (await ownValue(port, refused)) === 40);
    await target.untilOpen(60);
    for (let scrape = 0; scrape < 20; scrape++) {
      assert.equal(await ownValue(port, IN_FLIGHT), 60);
    }
    target.hangUp();
    const given = await Promise.all(answers);
    const busy = given.filter((answer) => answer.startsWith("503 Too many probes at once."));
    const failed = given.filter((answer) => answer === "200 probe_success 0");
    assert.deepEqual([busy.length, failed.length], [40, 60]);
    assert.equal(target.accepted, 60);
    await untilInFlight(port, 0);
  });
});

test("the connection to a target is closed when the last client disconnects", async () => {
  await withHungTarget({}, async ({ connect, port }, target) => {
    const path = `/probe?target=127.0.0.1:${target.port}`;
    const clients = await Promise.all([connect(), connect()]);
    for (const { socket } of clients) socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await target.untilOpen(1);
    await untilInFlight(port, 2);
    clients[0]?.socket.destroy();
    await untilInFlight(port, 1);
    await target.untilOpen(1);
    clients[1]?.socket.destroy();
    await target.untilOpen(0);
    await untilInFlight(port, 0);
    assert.equal(target.accepted, 1);
  });
});

test("a shutdown ends the probes that still run when its time is over", async () => {
  const target = await openHungTarget();
  try {
    await withServer({ paths: { "/probe": PROBE }, drainTimeoutMs: 100 }, async (served) => {
      const answer = verdictOf(served.port, `127.0.0.1:${target.port}`);
      answer.catch(() => {});
      await target.untilOpen(1);
      await served.server.close();
      await assert.rejects(answer);
      await target.untilOpen(0);
    });
  } finally {
    await target.close();
  }
});

test("a scrape timeout that makes no sense is ignored, and one that is too long is bounded", async () => {
  const target = await openHungTarget();
  try {
    const options = { paths: { "/probe": PROBE }, timeoutMs: 500 };
    await withServer(options, async ({ port }) => {
      const headers = ["abc", "-5", "NaN", "Infinity", "0.3", "1e9", "0", ""];
      const answers = headers.map((seconds, index) =>
        verdictOf(port, `127.0.1.${index}:${target.port}`, seconds),
      );
      const late = headers.map(() => "200 probe_success 0");
      assert.deepEqual(await Promise.all(answers), late);
      await target.untilOpen(0);
      assert.equal(target.accepted, headers.length);
    });
  } finally {
    await target.close();
  }
});

test("a scrape timeout holds, however much longer the server would wait", async () => {
  await withHungTarget({}, async ({ port }, target) => {
    const answer = verdictOf(port, `127.0.0.1:${target.port}`, "0.3");
    assert.equal(await within("an answer", answer), "200 probe_success 0");
    await target.untilOpen(0);
  });
});

/** What an author may get wrong, and how its probes are answered. */
const WRONG: Readonly<Record<string, (signal: AbortSignal) => unknown>> = {
  throws() {
    throw new Error("Thrown");
  },
  "rejects at once": () => Promise.reject(new Error("Rejected")),
  "rejects when its signal aborts": (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("Later")))),
  "ignores its signal": () => new Promise(() => {}),
  "returns junk": () => [undefined, { name: "a" }, 5],
  "returns a family that throws": () => [
    {
      ...UP_FAMILY,
      get metrics() {
        throw new Error("Getter");
      },
    },
  ],
};

test("whatever a probe does is answered, and no error reaches the process", async () => {
  const paths = Object.fromEntries(
    Object.values(WRONG).map((wrong, index): [string, Probe] => [
      `/${index}`,
      { allow: "any", probe: ({ signal }) => wrong(signal) as never },
    ]),
  );
  await withServer({ paths }, async ({ port, log }) => {
    for (const path of Object.keys(paths)) {
      for (const target of ["a", "a", "b"]) {
        const headers = { "X-Prometheus-Scrape-Timeout-Seconds": "0.2" };
        const url = `http://127.0.0.1:${port}${path}?target=${target}`;
        const { status, body } = await httpGet(url, headers);
        assert.equal(status, 200, path);
        assert.match(body.toString(), /^probe_success 0$/m, path);
      }
    }
    assert.equal(log.length, 2 * Object.keys(paths).length, log.join("\n"));
    assert.equal(await ownValue(port, 'promhttp_probes_in_flight{path="/0"}'), 0);
  });
});

test("nothing is held of 20,000 distinct targets, whatever becomes of their probes", async () => {
  await assertNothingHeld(20_000);
});
