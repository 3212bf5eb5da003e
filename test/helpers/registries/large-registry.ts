import { Gauge, Histogram, Registry } from "prom-client";

/** A histogram has 14: 11 buckets, +Inf, sum and count. */
const LINES_PER_HISTOGRAM = 14;

/** Makes a registry of about so many lines, of the kind that a large service has. */
export function createLargeRegistry(lines = 100_000): Registry {
  const registry = new Registry();
  const registers = [registry];
  const latency = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  for (let index = 0; index < (lines * 0.7) / LINES_PER_HISTOGRAM; index++) {
    latency.observe({ method: "GET", route: `/api/v1/items/${index}`, status: 200 }, index % 10);
  }
  const depth = new Gauge({
    name: "queue_depth",
    help: "Jobs waiting.",
    labelNames: ["queue", "shard"],
    registers,
  });
  for (let index = 0; index < lines * 0.3; index++) {
    depth.set({ queue: `mail-${index}`, shard: index % 16 }, index / 7);
  }
  return registry;
}
