// @prometheus-io/client's ClusterRegistry in the primary of a cluster, or in each worker (BENCH_SHARED).
import cluster from "node:cluster";
import { createRequire } from "node:module";
import client from "@prometheus-io/client";
import { attend, block, countEarly } from "../attend.mjs";
import { startProcess } from "./members.mjs";
import { secondCopy } from "./second-copy.mjs";
import { servePeer } from "./serve-peer.mjs";

const { BENCH_PORT, BENCH_SHARED, BENCH_BARE, BENCH_COPIES } = process.env;
const isHub = cluster.isPrimary;
const require = createRequire(import.meta.url);
if (!isHub) countEarly(client);
let leave = () => {};
if (!BENCH_BARE || isHub) {
  const registry = new client.ClusterRegistry();
  const isServer = BENCH_SHARED ? !isHub : isHub;
  if (isServer) await servePeer(registry, () => registry.clusterMetrics(), Number(BENCH_PORT));
  leave = () => registry.shutdown();
}
let second;
if (BENCH_COPIES && !isHub) {
  second = secondCopy(require, "@prometheus-io/client");
  new second.ClusterRegistry();
}
await attend({ isHub, client, second, block, startWorker: startProcess, leave });
