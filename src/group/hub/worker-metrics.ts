/** What is served about the workers themselves, so that a scraper sees when something is missing. */
import type { Labels, MetricFamily, ValueMetric } from "../../model/metric-family.ts";
import type { WorkerReport } from "../../scrape/exchange.ts";
import type { Worker } from "./worker.ts";

/** What may happen to the workers of a group. */
export type WorkerEvent = "joined" | "left" | "late" | "hub_changed" | "refused";

/** What a hub knows of its workers. */
export interface WorkerCensus {
  /** All workers, the hub included. */
  readonly workers: ReadonlySet<Worker>;
  /** How many stay away because they speak another version of the protocol. */
  readonly incompatible: number;
  readonly events: Readonly<Record<WorkerEvent, number>>;
}

/** All events are there from the start: one that appears when it first happens hides that from `rate()`. */
export function noEvents(): Record<WorkerEvent, number> {
  return { joined: 0, left: 0, late: 0, hub_changed: 0, refused: 0 };
}

/**
 * Makes the families about the workers; they stay the same objects, with the values of the moment.
 *
 * @param label The name of the label that tells workers apart.
 */
export function workerFamilies(census: WorkerCensus, label: string): readonly MetricFamily[] {
  const perWorker = (
    measure: (worker: Worker) => number | undefined,
    labelsOf: (worker: Worker) => Labels = () => ({}),
  ) =>
    metricsOf(function* () {
      for (const worker of census.workers) {
        const value = measure(worker);
        if (value === undefined) continue;
        const { slot, facts } = worker;
        const labels = { [label]: String(slot), ...labelsOf(worker) };
        yield { identity: `${slot} ${facts.worker}`, labels, value };
      }
    });
  return Object.freeze([
    gauge(
      "promhttp_worker_up",
      "Whether a worker answered the last scrape: 0 if it was late or failed.",
      perWorker(({ state }) => (state === undefined ? undefined : Number(state === "up"))),
    ),
    gauge(
      "promhttp_workers",
      "Workers by state; the one that answers for all counts as one that is up.",
      labelled("state", () => statesOf(census)),
    ),
    gauge(
      "promhttp_worker_info",
      "What is known of a worker.",
      perWorker(() => 1, infoOf),
    ),
    {
      name: "promhttp_worker_events_total",
      help: "What happened to the workers.",
      type: "counter",
      metrics: labelled("event", () => census.events),
    },
    gauge(
      "promhttp_worker_answer_seconds",
      "How long the last answer of a worker took, or how long it has been waited for.",
      perWorker(({ answerSeconds }) => answerSeconds),
    ),
  ] satisfies MetricFamily[]);
}

/** Makes the family that says which workers have declared that their metrics cannot be trusted. */
export function statusFamily(
  name: string,
  census: Pick<WorkerCensus, "workers">,
  label: string,
): MetricFamily {
  const metrics = metricsOf(function* () {
    for (const { slot, state, isFailing } of census.workers) {
      // What a late one would say is not known.
      if (state === undefined || state === "late") continue;
      yield { identity: slot, labels: { [label]: String(slot) }, value: isFailing ? 0 : 1 };
    }
  });
  const help = "Whether the application has declared that its metrics are in order.";
  return gauge(`${name}_up`, help, metrics);
}

/** What the page shows of the workers, the lowest slot first. */
export function reportsOf(workers: Iterable<Worker>): readonly WorkerReport[] {
  const reports = Array.from(workers, ({ slot, facts, state = "up", answerSeconds, mirror }) => {
    const { pid, thread, id } = facts;
    return { slot, pid, thread, id, state, answerSeconds, series: mirror.seriesCount };
  });
  return reports.sort((a, b) => a.slot - b.slot);
}

function statesOf({ workers, incompatible }: WorkerCensus): Readonly<Record<string, number>> {
  let up = 0;
  let late = 0;
  for (const { state } of workers) {
    if (state === "up") up++;
    else if (state !== undefined) late++;
  }
  return { up, late, incompatible };
}

function infoOf({ facts: { pid, thread, id, version } }: Worker): Labels {
  return { pid: String(pid), thread: String(thread), id, version };
}

function labelled(
  label: string,
  read: () => Readonly<Record<string, number>>,
): Iterable<ValueMetric> {
  return metricsOf(function* () {
    for (const [name, value] of Object.entries(read())) {
      yield { identity: name, labels: { [label]: name }, value };
    }
  });
}

function metricsOf(iterate: () => Iterator<ValueMetric>): Iterable<ValueMetric> {
  return { [Symbol.iterator]: iterate };
}

function gauge(name: string, help: string, metrics: Iterable<ValueMetric>): MetricFamily {
  return { name, help, type: "gauge", metrics };
}
