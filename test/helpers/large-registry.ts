import { Gauge, Histogram, Registry } from "prom-client";

/** Makes a registry of about 100,000 lines, of the kind that a large service has. */
export function createLargeRegistry(): Registry {
  const registry = new Registry();
  const registers = [registry];
  const latency = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time to answer.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  // 14 lines each: 11 buckets, +Inf, sum and count.
  for (let index = 0; index < 5_000; index++) {
    latency.observe({ method: "GET", route: `/api/v1/items/${index}`, status: 200 }, index % 10);
  }
  const depth = new Gauge({
    name: "queue_depth",
    help: "Jobs waiting.",
    labelNames: ["queue", "shard"],
    registers,
  });
  for (let index = 0; index < 30_000; index++) {
    depth.set({ queue: `mail-${index}`, shard: index % 16 }, index / 7);
  }
  return registry;
}
