// What the rows are run against: the aggregators of the client libraries, and ours in each topology.
import { nodeFor } from "../../cost/other-nodes.mjs";

const PROMETHEUS_IO = "@prometheus-io/client";

/** The columns of the table. A target whose library needs a Node that is not installed has no `node`. */
export const TARGETS = {
  AggregatorRegistry: { program: "aggregator-registry", kind: "processes", node: nodeFor(20) },
  ClusterRegistry: { program: "cluster-registry", kind: "processes", node: nodeFor(22) },
  WorkerRegistry: { program: "worker-registry", kind: "threads", node: nodeFor(22) },
  "promhttp, processes": ours("cluster", "processes"),
  "promhttp, threads": ours("threads", "threads"),
};

/** The same program in another topology, for the rows that are about one; only processes have others. */
export function inTopology(topology) {
  return (target) => {
    if (target.kind !== "processes") return undefined;
    if (target.isOurs) return ours(topology, target.kind);
    const isForked = topology === "forks";
    return { ...target, isForked, env: isForked ? {} : { BENCH_SHARED: "1" } };
  };
}

function ours(topology, kind) {
  return {
    program: "promhttp",
    kind,
    node: process.execPath,
    isOurs: true,
    isForked: topology === "forks",
    env: {
      BENCH_TOPOLOGY: topology,
      BENCH_LIBRARY: kind === "threads" ? PROMETHEUS_IO : "prom-client",
    },
  };
}
