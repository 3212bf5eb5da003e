// prom-client's AggregatorRegistry in the primary of a cluster, or in each worker (BENCH_SHARED).
import cluster from "node:cluster";
import { createRequire } from "node:module";
import client from "prom-client";
import { attend, block, countEarly } from "../attend.mjs";
import { startProcess } from "./members.mjs";
import { secondCopy } from "./second-copy.mjs";
import { servePeer } from "./serve-peer.mjs";

const { BENCH_PORT, BENCH_SHARED, BENCH_BARE, BENCH_COPIES } = process.env;
const isHub = cluster.isPrimary;
const require = createRequire(import.meta.url);
if (!isHub) countEarly(client);
if (!BENCH_BARE || isHub) {
  const registry = new client.AggregatorRegistry();
  const isServer = BENCH_SHARED ? !isHub : isHub;
  if (isServer) await servePeer(registry, () => registry.clusterMetrics(), Number(BENCH_PORT));
}
let second;
if (BENCH_COPIES && !isHub) {
  second = secondCopy(require, "prom-client");
  new second.AggregatorRegistry();
}
await attend({ isHub, client, second, block, startWorker: startProcess, leave: () => {} });
