import type { MetricFamily, ValueMetric } from "../model/metric-family.ts";

/** How an answer of a probe's path turned out. */
export type ProbeResultName = "success" | "failure" | "timeout" | "refused";

const RESULTS: readonly ProbeResultName[] = ["success", "failure", "timeout", "refused"];

interface Count extends ValueMetric {
  value: number;
}

/** What is counted at the path of one probe. A target is never a label: targets are the client's. */
export class ProbeCounts {
  /** How many requests are being served, those that wait included. */
  inFlight = 0;
  readonly path: string;
  readonly #counts = new Map<string, Count>();

  /**
   * All label values are there from the start: a series that appears with its first error hides that
   * error from `rate()`.
   */
  constructor(path: string, modules: readonly string[]) {
    this.path = path;
    for (const result of RESULTS) {
      for (const module of modules.length === 0 ? [undefined] : modules) this.#add(result, module);
    }
    this.#add("refused", undefined);
  }

  /** @param module `undefined` where there are no modules, and where a request names none that is known. */
  count(result: ProbeResultName, module: string | undefined): void {
    this.#add(result, module).value++;
  }

  /** The counts; the same objects at every scrape. */
  get metrics(): Iterable<ValueMetric> {
    return this.#counts.values();
  }

  #add(result: ProbeResultName, module: string | undefined): Count {
    const identity = JSON.stringify([this.path, module, result]);
    const known = this.#counts.get(identity);
    if (known !== undefined) return known;
    const labels = { path: this.path, ...(module !== undefined && { module }), result };
    const count = { identity, labels, value: 0 };
    this.#counts.set(identity, count);
    return count;
  }
}

/** Makes the families of all probes of a server, with the values of the moment. */
export function createProbeFamilies(all: readonly ProbeCounts[]): readonly MetricFamily[] {
  return [
    {
      name: "promhttp_probes_total",
      help: "Requests for probes by path, module and result.",
      type: "counter",
      metrics: { [Symbol.iterator]: () => all.flatMap(({ metrics }) => [...metrics]).values() },
    },
    {
      name: "promhttp_probes_in_flight",
      help: "Requests for probes being served, those that wait included.",
      type: "gauge",
      metrics: all.map(inFlightOf),
    },
  ];
}

function inFlightOf(counts: ProbeCounts): ValueMetric {
  return {
    identity: counts.path,
    labels: { path: counts.path },
    get value() {
      return counts.inFlight;
    },
  };
}
