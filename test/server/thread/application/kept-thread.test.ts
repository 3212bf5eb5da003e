import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Server } from "../../../../src/index.ts";
import { countingGatherer } from "../../../helpers/gatherers.ts";
import { poll } from "../../../helpers/poll.ts";
import { createRecorder } from "../../../helpers/scraping/recorder.ts";
import { withThreads } from "../../../helpers/threads.ts";
import { turns, turnsUntil } from "../../../helpers/turns.ts";
import { within } from "../../../helpers/within.ts";

const ADDRESS = { address: "127.0.0.1", family: "IPv4", port: 7 };
const OPEN = { type: "open", isTls: false, address: ADDRESS, url: "http://x/", role: "alone" };

/** A thread that says `messages`, and then runs `code`. */
const saying = (messages: readonly object[], code = "") => {
  const script = `
    const { parentPort } = require("node:worker_threads");
    for (const message of ${JSON.stringify(messages)}) parentPort.postMessage(message);
    ${code}`;
  return () => new Worker(script, { eval: true });
};

const STAY =
  'parentPort.on("message", ({ type }) => type === "close" && parentPort.postMessage({ type: "closed" }));';

const listen = (logger = createRecorder()) =>
  Server.listen(countingGatherer(), "127.0.0.1:0", { thread: true, logger });

test("a server is where its thread says, and moves with it", () =>
  withThreads(
    async () => {
      const server = await listen();
      await poll("the new place", () => server.role === "hub");
      assert.deepEqual([server.url, server.address], ["http://y/", "/run/y"]);
      await within("close()", server.close());
    },
    saying(
      [OPEN, { ...OPEN, type: "place", url: "http://y/", address: "/run/y", role: "hub" }],
      STAY,
    ),
  ));

test("a server whose thread closes by itself is closed", () =>
  withThreads(
    async () => {
      const server = await listen();
      await within("closed", server.closed);
    },
    saying([OPEN, { type: "closed" }], STAY),
  ));

test("a thread that cannot be started again is tried again, until the server is closed", () =>
  withThreads(async (started) => {
    const logger = createRecorder();
    let attempts = 0;
    await withThreads(
      async () => {
        const server = await listen(logger);
        await poll("the death", () => logger.lines.length > 0);
        await poll("another thread", () => attempts > 1);
        await within("close()", server.close());
      },
      () => {
        if (attempts++ > 0) throw new Error("no more threads");
        return saying([OPEN], "process.exit(9)")();
      },
    );
    assert.deepEqual(started, []);
    assert.equal(
      logger.lines[0],
      "error promhttp: The thread of the server has died; another one takes its place: Error: The thread exited with code 9",
    );
  }));

test("each next thread waits for twice as long, a minute at most, and a second after a sound one", async (t) => {
  let now = performance.now();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  let attempts = 0;
  let canStart = true;
  const start = () => {
    attempts++;
    if (!canStart) throw new Error("no more threads");
    return saying([{ ...OPEN, url: `http://${attempts}/` }], STAY)();
  };
  await withThreads(async (started) => {
    const server = await listen();
    const die = async () => {
      await started.at(-1)?.terminate();
      await turns(5);
    };
    const untilServing = () => turnsUntil("a server", () => server.url === `http://${attempts}/`);
    const assertNextAfter = async (seconds: number) => {
      const before = attempts;
      t.mock.timers.tick(seconds * 1_000 - 1);
      assert.equal(attempts, before, `before ${seconds} s`);
      t.mock.timers.tick(1);
      await turns(5);
      assert.equal(attempts, before + 1, `after ${seconds} s`);
    };
    canStart = false;
    await die();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60]) await assertNextAfter(seconds);
    canStart = true;
    await assertNextAfter(60);
    await untilServing();
    // One that has served for less than a minute may have the same fault again.
    now += 59_000;
    await die();
    await assertNextAfter(60);
    await untilServing();
    now += 61_000;
    await die();
    await assertNextAfter(1);
    await server.close();
  }, start);
});

test("an error of the thread does not reach the process", () =>
  withThreads(
    async () => {
      const logger = createRecorder();
      const server = await listen(logger);
      await poll("the death", () => logger.lines.length > 0);
      assert.match(logger.lines[0] ?? "", /another one takes its place: RangeError: a fault/);
      await within("close()", server.close());
    },
    saying([OPEN], 'setTimeout(() => { throw new RangeError("a fault"); });'),
  ));
