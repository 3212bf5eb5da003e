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

/** Other ways to run the same program, which some rows are about. */
export function variantOf(target, topology) {
  if (target.isOurs) return ours(topology, target.kind);
  return { ...target, env: { ...target.env, BENCH_SHARED: "1" } };
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
