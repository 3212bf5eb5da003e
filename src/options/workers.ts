/**
 * How the processes and threads of one application are served as one target: the option `workers`.
 */

/** How the gauges of several workers become one. */
export type Aggregator =
  | "sum"
  | "min"
  | "max"
  | "average"
  /** The value of the first worker that answered, by its number. */
  | "first"
  /** Leaves the metric out. */
  | "omit"
  /** Keeps the series of each worker, told apart by the label of the worker. */
  | "perWorker"
  /** The value that changed last. */
  | "mostRecent";

/**
 * What a worker does: `"hub"` answers for all, `"member"` reports to the hub, `"alone"` answers for
 * itself.
 */
export type WorkerRole = "hub" | "member" | "alone";

/**
 * All aggregators.
 *
 * @internal
 */
export const AGGREGATORS: readonly Aggregator[] = [
  "sum",
  "min",
  "max",
  "average",
  "first",
  "omit",
  "perWorker",
  "mostRecent",
];

/** The details of the option `workers`. */
export interface WorkersOptions {
  /**
   * `"aggregate"` serves the sum of all workers; `"label"` serves the series of each, told apart by the
   * label of the worker, and sums nothing.
   * @default "aggregate"
   */
  readonly mode?: "aggregate" | "label" | undefined;
  /**
   * The name of the label that tells workers apart.
   * @default "worker"
   */
  readonly label?: string | undefined;
  /**
   * What becomes of `process_*` and `nodejs_*`: `"perWorker"` keeps those of each worker apart,
   * `"aggregate"` sums them, except where their library says otherwise.
   * @default "perWorker"
   */
  readonly defaultMetrics?: "perWorker" | "aggregate" | undefined;
  /**
   * What becomes of summaries: `"perWorker"` keeps those of each worker apart, `"sum"` sums their counts
   * and sums and leaves out their quantiles, which cannot be added.
   * @default "perWorker"
   */
  readonly summaries?: "perWorker" | "sum" | undefined;
  /**
   * The name of the group. Processes of one user that name the same group are one target.
   * @default undefined: the processes of the same application that name the same address
   */
  readonly group?: string | undefined;
  /**
   * What happens to a scrape when a worker is late or has failed: `"serve"` serves the others and what is
   * known of that one, `"fail"` answers with 503.
   * @default "serve"
   */
  readonly missing?: "serve" | "fail" | undefined;
  /**
   * How the gauges of these names become one, whatever their library says.
   * @default {}
   */
  readonly aggregators?: Readonly<Record<string, Aggregator>> | undefined;
  /**
   * How long this worker only looks for a hub before it becomes one itself, when it starts. With
   * `Infinity` it never does, and never answers for itself.
   *
   * @default 0
   * @internal
   */
  readonly patienceMs?: number | undefined;
  /**
   * Called each time this worker has joined a hub.
   *
   * @internal
   */
  readonly onJoined?: ((hub: HubName) => void) | undefined;
}

/**
 * How a hub introduces itself.
 *
 * @internal
 */
interface HubName {
  readonly pid: number;
  /** What it runs: its name under pm2, or its script; quoted for a log. */
  readonly name: string;
}

/**
 * The details of the option `workers`, with every default filled in.
 *
 * @internal
 */
export interface WorkersSettings {
  readonly mode: "aggregate" | "label";
  readonly label: string;
  readonly defaultMetrics: "perWorker" | "aggregate";
  readonly summaries: "perWorker" | "sum";
  readonly group: string | undefined;
  readonly missing: "serve" | "fail";
  /** By the names of metrics. */
  readonly aggregators: ReadonlyMap<string, Aggregator>;
  readonly patienceMs?: number | undefined;
  readonly onJoined?: ((hub: HubName) => void) | undefined;
  /** The application of a server that is in a thread: it takes part itself, so the server has no metrics there. */
  readonly application?: ApartApplication | undefined;
}

/**
 * An application that takes part in a group beside its server.
 *
 * @internal
 */
interface ApartApplication {
  /** Its thread; 0 for the main thread. */
  readonly thread: number;
  /** As in `HubName`. */
  readonly name: string;
  /** Whether it can join no group: then its server must not either. */
  readonly isAlone: boolean;
}
