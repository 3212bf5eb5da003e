import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { test } from "node:test";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import {
  type TestServer,
  type TestServerOptions,
  withServer,
} from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";
import { assertHonest, readAnswer } from "./answer.ts";
import { IN_THREAD, THE_SERVER, WHERE, WITH_VARIANTS } from "./thread-mode.ts";

// What the server loads on use: the loader of the tests holds a port while it works.
await Promise.all([
  import("../../src/http/content.ts"),
  import("../../src/http/write-body.ts"),
  import("../../src/server/client-error.ts"),
]);

/** Something that goes wrong, and what of the server it may cost. */
export interface Fault {
  /** What completes "the server survives". */
  readonly name: string;
  /** Makes what the server is made of, anew for each test. */
  readonly server?: () => TestServerOptions;
  /** Lets it happen, and asserts what the clients in question got. */
  readonly inflict: (server: TestServer) => Promise<unknown>;
  /**
   * The status of the next scrape: 200, unless the fault lasts, or is the end of the server.
   * @default 200
   */
  readonly next?: number | "closed";
  /**
   * Whether it is also tested with a server in a thread: a variant only of a row that is, where all are.
   * @default "always"
   */
  readonly inThread?: "always" | "variant" | "never";
}

/** The bytes of a scrape. */
export const SCRAPE: string = request("/metrics");

/**
 * Tests that the server survives a fault: no error reaches the process, the server answers the next
 * scrape, with nothing in it that is not whole, and no socket, timer or listener is left in the end.
 */
export function testFault(fault: Fault): void {
  const { name, server = () => ({}), inflict, next = 200, inThread = "always" } = fault;
  if (IN_THREAD && inThread === "never") return;
  if (!WITH_VARIANTS && inThread === "variant") return;
  test(`${THE_SERVER} survives ${name}`, async () => {
    const timers = trackTimers();
    const before = inventory();
    try {
      await withServer({ ...WHERE, ...server() }, async (running) => {
        await inflict(running);
        if (next !== "closed") await assertServes(running, next);
      });
      await untilEmpty(() => growth(before, inventory()), "resources or listeners are left");
      await untilEmpty(() => timers.stillActive(), "timers are left");
    } finally {
      timers.stop();
    }
  });
}

/** Asserts that the next scrape is answered as it should be. */
export async function assertServes({ port, connect }: TestServer, status = 200): Promise<void> {
  assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
  const connection = await connect();
  await connection.send(request("/metrics", { headers: ["Connection: close"] }));
  const answer = readAnswer(await connection.closed());
  assert.equal(answer?.status, status);
  assertHonest(answer);
}

/** What comes and goes with every turn; a write may also be the test runner's, to its parent. */
const TRANSIENT: ReadonlySet<string> = new Set(["Immediate", "TickObject", "SimpleWriteWrap"]);

/** What of this process somebody has forgotten when it grows. */
function inventory(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    if (!TRANSIENT.has(name)) counts[name] = (counts[name] ?? 0) + 1;
  }
  for (const event of process.eventNames()) {
    counts[`listeners of ${String(event)}`] = process.listenerCount(event);
  }
  return counts;
}

/** Knows every timer, also those that do not keep the process alive. */
function trackTimers(): { stillActive(): string[]; stop(): void } {
  const active = new Map<number, string>();
  const hook = createHook({
    init(id, type) {
      if (type !== "Timeout") return;
      const { stack = "" } = new Error("A timer was set");
      // The clock of the `Date` header, one for all servers.
      if (!stack.includes("at utcDate")) active.set(id, stack);
    },
    destroy(id) {
      active.delete(id);
    },
  }).enable();
  return { stillActive: () => [...active.values()], stop: () => hook.disable() };
}

function growth(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): string[] {
  return Object.entries(now).flatMap(([name, count]) => {
    const more = count - (before[name] ?? 0);
    return more > 0 ? `${more} × ${name}` : [];
  });
}

/** Some seconds: the loader of the tests holds a port until its thread, on a busy machine, has answered. */
const MAX_TURNS = 100_000;

async function untilEmpty(read: () => readonly string[], message: string): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS && read().length > 0; turn++) await turns(1);
  assert.deepEqual(read(), [], message);
}
