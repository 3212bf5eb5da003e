// @prometheus-io/client's WorkerRegistry in the main thread.
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import client from "@prometheus-io/client";
import { attend, block, countEarly } from "../attend.mjs";
import { startThread, terminateThread } from "./members.mjs";
import { secondCopy } from "./second-copy.mjs";
import { servePeer } from "./serve-peer.mjs";

const { BENCH_PORT, BENCH_BARE, BENCH_COPIES } = process.env;
const require = createRequire(import.meta.url);
if (!isMainThread) countEarly(client);
let leave = () => {};
if (!BENCH_BARE || isMainThread) {
  const registry = new client.WorkerRegistry();
  if (isMainThread) {
    await servePeer(registry, () => registry.workerMetrics(), Number(BENCH_PORT));
  }
  leave = () => registry.shutdown();
}
let second;
if (BENCH_COPIES && !isMainThread) {
  second = secondCopy(require, "@prometheus-io/client");
  new second.WorkerRegistry();
}
const context = { client, second, block, leave, terminateThread, startWorker: startThread };
if (process.env.BENCH_POOL) Object.assign(context, (await import("./pool.mjs")).startPool());
await attend({ ...context, isHub: isMainThread });
