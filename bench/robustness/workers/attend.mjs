// In every worker of an application under test: does what the runner says, and tells it what it sees.
//
// The runner has a channel of its own, so that the channels that Node gives to processes and threads
// stay those of the application and of what is tested.
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { threadId } from "node:worker_threads";

/**
 * Connects to the runner, and runs the functions that it sends, until this worker ends.
 *
 * @param context What these functions are called with, beside their own arguments.
 */
export async function attend(context) {
  const socket = connect(Number(process.env.BENCH_CONTROL), "127.0.0.1");
  const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
  const { isHub = false } = context;
  // After a crash there is no time left to send anything.
  process.on("uncaughtExceptionMonitor", (error) => {
    appendFileSync(process.env.BENCH_CRASHES, `${isHub ? "hub" : "worker"}: ${error}\n`);
  });
  send({ hello: { pid: process.pid, threadId, isHub } });
  createInterface(socket).on("line", async (line) => {
    const { call, source, args } = JSON.parse(line);
    try {
      const run = new Function(`return ${source}`)();
      send({ call, value: (await run(context, ...args)) ?? null });
    } catch (error) {
      send({ call, error: String(error?.stack ?? error) });
    }
  });
}

/** Counts this worker before it can have joined. */
export function countEarly({ Counter }) {
  if (process.env.BENCH_EARLY) new Counter({ name: "early_total", help: "h" }).inc();
}

/** Blocks this thread. */
export function block(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
