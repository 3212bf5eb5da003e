import type { MetricSnapshot, SnapshotSample } from "./registry.ts";

/**
 * Checks what a metric's public `get()` returned, and copies it: anybody may have written it.
 *
 * @throws {TypeError} If it is not an object, or its values are not a list of objects.
 */
export function toSnapshot(value: unknown): MetricSnapshot {
  if (!isObject(value)) throw new TypeError("get() must return an object");
  const { name, help, type, aggregator, values } = value;
  const list = values ?? [];
  if (!isList(list)) throw new TypeError("The values that get() returns must be a list");
  const samples = [...list];
  if (!samples.every(isObject)) {
    throw new TypeError("The values that get() returns must be a list of objects");
  }
  return { name, help, type, aggregator, values: samples.map(copyOf) };
}

/** A copy has no getters, which might throw when it is too late. Its values are checked by encoders. */
function copyOf(sample: Readonly<Record<PropertyKey, unknown>>): SnapshotSample {
  // This is what the client libraries print.
  const { metricName, labels, sharedLabels, value, exemplar } = sample as Partial<SnapshotSample>;
  return {
    metricName,
    labels: { ...labels },
    sharedLabels: sharedLabels && { ...sharedLabels },
    value: value as number,
    exemplar: exemplar ?? null,
  };
}

function isObject(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  return typeof value === "object" && value !== null;
}

function isList(value: unknown): value is Iterable<unknown> {
  return isObject(value) && typeof value[Symbol.iterator] === "function";
}
