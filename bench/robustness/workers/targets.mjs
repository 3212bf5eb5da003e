// What the rows are run against: the aggregators of the client libraries, and ours in each topology.
import { nodeFor } from "../../cost/other-nodes.mjs";

const PROMETHEUS_IO = "@prometheus-io/client";

/** The columns of the table. A target whose library needs a Node that is not installed has no `node`. */
export const TARGETS = {
  AggregatorRegistry: peer("aggregator-registry", "processes", 20, "AggregatorRegistry"),
  ClusterRegistry: peer("cluster-registry", "processes", 22, "ClusterRegistry"),
  WorkerRegistry: peer("worker-registry", "threads", 22, "WorkerRegistry"),
  "promhttp, processes": ours("cluster", "processes"),
  "promhttp, threads": ours("threads", "threads"),
};

/** The same program in another topology, for the rows that are about one; only processes have others. */
export function inTopology(topology) {
  return (target) => {
    if (target.kind !== "processes") return undefined;
    if (target.isOurs) return ours(topology, target.kind);
    const env = topology === "forks" ? {} : { BENCH_SHARED: "1" };
    return { ...target, ...startOf(topology), env };
  };
}

/** @param costName Its name in `bench/cost`. */
function peer(program, kind, oldestNode, costName) {
  return { program, kind, node: nodeFor(oldestNode), costName };
}

function ours(topology, kind) {
  return {
    program: "promhttp",
    kind,
    node: process.execPath,
    isOurs: true,
    costName: `promhttp, ${kind === "threads" ? "@prometheus-io" : "prom-client"}, 4 ${kind}`,
    ...startOf(topology),
    env: {
      BENCH_TOPOLOGY: topology,
      BENCH_LIBRARY: kind === "threads" ? PROMETHEUS_IO : "prom-client",
    },
  };
}

/** Who starts the workers: the runner, PM2, or by default the hub. */
function startOf(topology) {
  return { isForked: topology === "forks", isManaged: topology === "pm2" };
}
