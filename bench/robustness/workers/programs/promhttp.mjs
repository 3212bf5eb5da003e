// promhttp: the same line in every process and thread.
//
// BENCH_TOPOLOGY: `cluster`, `threads`, `forks` (several processes without a primary of Node's), `pm2`, or
// `shared`, where each worker of a cluster answers on the application's port, and nothing is in the primary.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import { createHandler, Server } from "../../../../dist/index.js";
import { attend, block, countEarly } from "../attend.mjs";
import { startProcess, startThread, terminateThread } from "./members.mjs";
import { secondCopy } from "./second-copy.mjs";

const { BENCH_PORT, BENCH_TOPOLOGY, BENCH_LIBRARY, BENCH_BARE, BENCH_COPIES, BENCH_WORKERS } =
  process.env;
const require = createRequire(import.meta.url);
const client = require(BENCH_LIBRARY);
const isFirst =
  { threads: isMainThread, forks: true, pm2: true }[BENCH_TOPOLOGY] ?? cluster.isPrimary;
if (!isFirst) countEarly(client);
const second = BENCH_COPIES && !isFirst ? secondCopy(require, BENCH_LIBRARY) : undefined;
const registries = second === undefined ? client.register : [client.register, second.register];
const options = { workers: BENCH_WORKERS ? JSON.parse(BENCH_WORKERS) : true };

const context = {
  // Among equals nobody starts the others.
  isHub: ["forks", "pm2"].includes(BENCH_TOPOLOGY) ? false : isFirst,
  client,
  second,
  block,
  startWorker: BENCH_TOPOLOGY === "threads" ? startThread : startProcess,
  terminateThread,
  leave: () => {},
};
if (process.env.BENCH_POOL) Object.assign(context, (await import("./pool.mjs")).startPool());
if (BENCH_BARE && !isFirst) await attend(context);
else await attend({ ...context, server: await serve() });

async function serve() {
  if (BENCH_TOPOLOGY !== "shared") {
    return Server.listen(registries, `127.0.0.1:${BENCH_PORT}`, options);
  }
  if (isFirst) return undefined;
  const handler = createHandler(registries, options);
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(Number(BENCH_PORT), "127.0.0.1", resolve));
  return { role: undefined };
}
