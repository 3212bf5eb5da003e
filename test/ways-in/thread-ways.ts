import assert from "node:assert/strict";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import type { ServerOptions } from "../../src/index.ts";
import type { Way } from "./way.ts";

const WHOLE = "The metrics are read as a whole before the first byte is sent.";
const ENDLESS = [
  ...["stops reading when the client disconnects", "reads no faster than the client"],
  "cuts off a body that fails",
].flatMap((name) => [`${name}: identity`, `${name}: gzip`]);

const CANNOT = Object.fromEntries(
  [...ENDLESS, "cuts off a client that reads too slowly for the deadline"].map((name) => [
    name,
    WHOLE,
  ]),
);

/** The way in of a server, in a thread of its own: what runs there must end with it. */
export function inThread(way: Way): Way {
  return {
    ...way,
    name: `${way.name} in a thread`,
    cannot: { ...way.cannot, ...CANNOT },
    async start({ options, ...setup }) {
      const threads: Worker[] = [];
      const onWorker = (worker: Worker) => threads.push(worker);
      const given: ServerOptions = { ...options, thread: true };
      process.on("worker", onWorker);
      const running = await way.start({ ...setup, options: given });
      process.off("worker", onWorker);
      const [thread] = threads;
      assert.ok(thread, "no thread was started");
      const ended = once(thread, "exit");
      return {
        ...running,
        async close() {
          await running.close();
          await ended;
        },
      };
    },
  };
}
