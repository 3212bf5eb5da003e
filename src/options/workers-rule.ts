import { isLegacyLabelName } from "../model/names.ts";
import { type Check, isFunction, objectOf, oneOf, textThat, wrongType } from "./checks.ts";
import { AGGREGATORS, type WorkersOptions, type WorkersSettings } from "./workers.ts";

const CHECKS = {
  mode: oneOf(["aggregate", "label"]),
  label: textThat("a label name that no format reserves", isFreeLabelName),
  defaultMetrics: oneOf(["perWorker", "aggregate"]),
  summaries: oneOf(["perWorker", "sum"]),
  group: textThat("a string that is not empty", (text) => text !== ""),
  missing: oneOf(["serve", "fail"]),
  aggregators: isAggregators,
  patienceMs: isMs,
  onJoined: isFunction,
} satisfies Record<keyof WorkersOptions, Check>;

/** Prometheus uses names that begin with two underscores, and the formats these two. */
function isFreeLabelName(name: string): boolean {
  return isLegacyLabelName(name) && !/^(?:__.*|le|quantile)$/.test(name);
}

function isMs(name: string, value: unknown): void {
  if (!(typeof value === "number" && value >= 0))
    throw wrongType(name, "a number from 0 up", value);
}

/** Checks the option `workers`. */
export function isWorkers(name: string, value: unknown): void {
  if (typeof value === "boolean" || value === "label") return;
  if (typeof value !== "object" || value === null)
    throw wrongType(name, 'true, false, "label" or an object', value);
  objectOf(CHECKS)(name, value);
}

function isAggregators(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrongType(name, "an object", value);
  for (const [metric, aggregator] of Object.entries(value)) {
    oneOf(AGGREGATORS)(`${name}.${metric}`, aggregator);
  }
}

/** Fills in the defaults of the option `workers`; `undefined` where it is off. */
export function resolveWorkers(
  workers: boolean | "label" | WorkersOptions,
): WorkersSettings | undefined {
  if (workers === false) return undefined;
  const given: WorkersOptions =
    workers === true ? {} : workers === "label" ? { mode: workers } : { ...workers };
  return {
    mode: given.mode ?? "aggregate",
    label: given.label ?? "worker",
    defaultMetrics: given.defaultMetrics ?? "perWorker",
    summaries: given.summaries ?? "perWorker",
    group: given.group,
    missing: given.missing ?? "serve",
    aggregators: new Map(Object.entries(given.aggregators ?? {})),
    patienceMs: given.patienceMs,
    onJoined: given.onJoined,
  };
}
