/** Counts once more in each of some workers. */
export function count(workers, by = 1) {
  return Promise.all(
    workers.map((worker) =>
      worker.run(({ client }, amount) => {
        globalThis.counter ??= new client.Counter({ name: "c_total", help: "h" });
        globalThis.counter.inc(amount);
      }, by),
    ),
  );
}

/** Sets a gauge of each of some workers to 1. */
export function setGauge(workers) {
  return Promise.all(
    workers.map((worker) =>
      worker.run(({ client }) => {
        globalThis.gauge ??= new client.Gauge({ name: "g", help: "h" });
        globalThis.gauge.set(1);
      }),
    ),
  );
}

/** The header of a scraper that gives up after some seconds. */
export function headersOf(seconds) {
  return [`X-Prometheus-Scrape-Timeout-Seconds: ${seconds}`];
}
