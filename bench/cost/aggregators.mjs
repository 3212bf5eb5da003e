// What makes one target of several workers. Each program has one that is scraped, the hub, which has
// no metrics of the shape, and four that report to it.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { nodeFor } from "./other-nodes.mjs";
import { sleep } from "./stats.mjs";
import { startProgram } from "./target.mjs";

/** Each aggregator of a client library with ours, and the oldest Node that its library supports. */
export const AGGREGATORS = [
  { rival: "AggregatorRegistry", ours: "promhttp, prom-client, 4 processes", oldestNode: 20 },
  { rival: "ClusterRegistry", ours: "promhttp, @prometheus-io, 4 processes", oldestNode: 22 },
  { rival: "WorkerRegistry", ours: "promhttp, @prometheus-io, 4 threads", oldestNode: 22 },
];

/** Their programs in `rivals/`. */
export const AGGREGATOR_PROGRAMS = {
  AggregatorRegistry: "workers/aggregator-registry",
  ClusterRegistry: "workers/cluster-registry",
  WorkerRegistry: "workers/worker-registry",
  "promhttp, prom-client, 4 processes": "workers/promhttp-prom-client",
  "promhttp, @prometheus-io, 4 processes": "workers/promhttp-prometheus-io",
  "promhttp, @prometheus-io, 4 threads": "workers/promhttp-threads",
};

/** Those that can run here; a line on stderr names each that cannot. */
export function runnableAggregators() {
  return AGGREGATORS.filter(({ rival, oldestNode }) => {
    if (nodeFor(oldestNode) !== undefined) return true;
    console.error(
      `Skipped ${rival}: it needs Node ${oldestNode} or newer (npm ci --prefix test/runtimes)`,
    );
    return false;
  });
}

/** Starts a hub and its members, and settles when all metrics are served. */
export async function startGroup(name, shape) {
  const group = await startApart(name, shape);
  await group.ask("join");
  return group;
}

/**
 * Starts a hub and its members, which have their metrics, but join only when they are asked to.
 *
 * @param keptBytes What ours may keep of a body, if not as much as it does by default.
 */
export async function startApart(name, shape, keptBytes) {
  const { ours, oldestNode } = AGGREGATORS.find((pair) => [pair.rival, pair.ours].includes(name));
  // A folder of its own, where the default one keeps what a scrape writes: in memory.
  const folder = mkdtempSync("/dev/shm/promhttp-bench-");
  const args = [shape, ...(keptBytes === undefined ? [] : [`${keptBytes}`])];
  const { stop, ...program } = await startProgram(AGGREGATOR_PROGRAMS[name], args, {
    node: nodeFor(oldestNode),
    env: { PROMHTTP_RUNTIME_DIR: folder },
  });
  return {
    name,
    shape,
    isOurs: name === ours,
    ...program,
    async stop() {
      await stop();
      // Processes without their primary end by themselves, and leave files for the next hub.
      while (program.members.some(({ pid }) => existsSync(`/proc/${pid}`))) await sleep(10);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
