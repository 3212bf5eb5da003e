// The registries that are measured: half of the lines from histograms (2 labels, 11 buckets), 40 %
// counters (3 labels), 10 % gauges with fractional values (2 labels).

/** How many label sets a family has at the most, and the sizes of the shapes in lines. */
const SETS_PER_FAMILY = 5_000;
const LINES = { S: 1_000, M: 10_000, L: 100_000, XL: 1_000_000 };

const LINES_PER_HISTOGRAM = 14;

/**
 * How many scrapes of a shape are made before it is measured. With fewer, much of the code has not
 * been optimised yet, and a scrape of S takes twice as long. XL has been scraped for its peak before.
 */
export const WARM_UPS = { G: 200, S: 100, S0: 100, M: 40, L: 12, XL: 0 };

/**
 * Fills a registry, and returns a function that touches a share of its label sets, as an application
 * does between two scrapes: of all, or of those from one part of them to another (0 to 1).
 *
 * @param {typeof import("prom-client")} client
 * @param {import("prom-client").Registry} registry
 * @param {keyof typeof LINES} shape
 */
export function fill(client, registry, shape) {
  const lines = LINES[shape];
  const registers = [registry];
  /** @type {((random: () => number) => void)[]} */
  const touches = [];

  const families = (count, create, touch) => {
    for (let family = 0, left = count; left > 0; family++, left -= SETS_PER_FAMILY) {
      const metric = create(family);
      for (let set = 0; set < Math.min(left, SETS_PER_FAMILY); set++) {
        const one = (random) => touch(metric, set, random);
        one(Math.random);
        touches.push(one);
      }
    }
  };
  families(
    Math.round((lines * 0.5) / LINES_PER_HISTOGRAM),
    (family) =>
      new client.Histogram({
        name: `http_request_duration_seconds_${family}`,
        help: "Duration of HTTP requests in seconds.",
        labelNames: ["method", "route"],
        registers,
      }),
    (metric, set, random) =>
      metric.observe({ method: METHODS[set % 4], route: `/api/v1/items/${set}` }, random() * 12),
  );
  families(
    Math.round(lines * 0.4),
    (family) =>
      new client.Counter({
        name: `http_requests_${family}_total`,
        help: "HTTP requests served.",
        labelNames: ["method", "route", "status"],
        registers,
      }),
    (metric, set, random) =>
      metric.inc(
        { method: METHODS[set % 4], route: `/api/v1/items/${set}`, status: "200" },
        1 + Math.floor(random() * 5),
      ),
  );
  families(
    Math.round(lines * 0.1),
    (family) =>
      new client.Gauge({
        name: `queue_fill_ratio_${family}`,
        help: "How full a queue is.",
        labelNames: ["queue", "shard"],
        registers,
      }),
    (metric, set, random) => metric.set({ queue: `queue-${set}`, shard: `${set % 16}` }, random()),
  );
  return (share, from = 0, to = 1) => {
    const end = Math.round(touches.length * to);
    for (let index = Math.round(touches.length * from); index < end; index++) {
      if (Math.random() < share) touches[index]?.(Math.random);
    }
  };
}

const METHODS = ["GET", "POST", "PUT", "DELETE"];
