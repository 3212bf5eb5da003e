import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { FRAME_LIMITS, type FrameHead, receiveFrames, sendFrame } from "../../src/group/frames.ts";
import { LocalWorker } from "../../src/group/local/local-worker.ts";
import { Member } from "../../src/group/member.ts";
import { PROTOCOL, UPGRADE } from "../../src/group/messages.ts";
import { ownWorkerId } from "../../src/group/worker-id.ts";
import { createLog } from "../../src/log.ts";
import type { Gatherer } from "../../src/model/gatherer.ts";
import { UpdateLock } from "../../src/scrape/update-lock.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { SETTINGS } from "../helpers/default-settings.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";
import { counterOf } from "./groups.ts";

const skip = process.platform === "win32" && "needs a unix socket";

/** A member, and a hub that may break the rules. */
interface Pair {
  readonly member: Member;
  /** The hub's end of the connection. */
  readonly socket: Socket;
  readonly received: FrameHead[];
  readonly logged: string[];
  send(head: object): void;
  /** Waits for a message of a type. */
  message(type: string): Promise<FrameHead>;
}

function withPair(gatherer: Gatherer, use: (pair: Pair) => Promise<void>): Promise<void> {
  return withTempDir(async (directory) => {
    const path = join(directory, "hub.sock");
    const server = createServer().listen(path);
    await once(server, "listening");
    const client = connect(path);
    await once(client, "connect");
    const logged: string[] = [];
    const log = createLog({
      error: (message) => logged.push(message),
      warn: (message) => logged.push(message),
    });
    const options = { errorHandling: "continue", onScrape: undefined } as const;
    const lock = new UpdateLock();
    const local = new LocalWorker({ gatherer, options, log, lock }, SETTINGS);
    const facts = { worker: ownWorkerId(), pid: process.pid, thread: 0, id: "", version: "0.1.0" };
    const upgraded = once(server, "upgrade");
    const member = new Member(client, {
      local,
      facts,
      slot: undefined,
      canListen: false,
      log,
      onWelcome() {},
    });
    const socket: Socket = (await within("the upgrade", upgraded))[1];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\n\r\n`,
    );
    const received: FrameHead[] = [];
    let wake = () => {};
    receiveFrames(
      socket,
      FRAME_LIMITS,
      (head) => {
        received.push(head);
        wake();
      },
      () => {},
    );
    const message = async (type: string): Promise<FrameHead> => {
      for (;;) {
        const found = received.find((head) => head["type"] === type);
        if (found !== undefined) return found;
        const arrived = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await within(`the message ${type}`, arrived);
      }
    };
    socket.on("error", () => {});
    try {
      const send = (head: object) => void sendFrame(socket, head);
      await use({ member, socket, received, logged, send, message });
    } finally {
      client.destroy();
      local.close();
      socket.destroy();
      server.close();
    }
  });
}

const WELCOME = { type: "welcome", slot: 1, pid: 1, name: "app", era: "e" };

test("a member says who it is, and answers", { skip }, () =>
  withPair(counterOf(5), async ({ send, message }) => {
    assert.equal((await message("hello"))["protocol"], PROTOCOL);
    send(WELCOME);
    send({ type: "want", n: 1, deadlineMs: Date.now() + 5_000 });
    const { n, isGiven } = await message("have");
    assert.deepEqual([n, isGiven], [1, true]);
  }),
);

test("a member leaves a hub that asks again before it has answered", { skip }, () => {
  const silent: Gatherer = { gather: () => new Promise(() => {}) };
  return withPair(silent, async ({ member, send, message }) => {
    await message("hello");
    send(WELCOME);
    for (const n of [1, 2]) send({ type: "want", n, deadlineMs: Date.now() + 60_000 });
    await within("the end of the connection", member.ended);
  });
});

for (const deadlineMs of [-1, 0, 1e300]) {
  test(`a member answers a question whose deadline is ${deadlineMs}`, { skip }, async () => {
    const processErrors = captureProcessErrors();
    await withPair(counterOf(5), async ({ send, message }) => {
      await message("hello");
      send(WELCOME);
      send({ type: "want", n: 1, deadlineMs });
      assert.equal((await message("have"))["isGiven"], true);
    });
    await processErrors.assertNone();
  });
}

test("a member does not repeat a reason that it does not know", { skip }, () =>
  withPair(counterOf(5), async ({ send, message, logged, socket }) => {
    await message("hello");
    send({ type: "refused", reason: "__proto__" });
    send(WELCOME);
    send({ type: "want", n: 1, deadlineMs: Date.now() + 5_000 });
    await message("have");
    assert.equal(socket.destroyed, false);
    assert.deepEqual(logged, ["promhttp: The hub refuses this worker: it did not say why"]);
  }),
);
