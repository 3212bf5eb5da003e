/**
 * What a metric reader of the OpenTelemetry SDK returns, versions 1.30 to 3, as structural types: nothing
 * of OpenTelemetry is imported. They name only what is read here, so that each version fits them.
 */

/** The values of attributes: in a resource of SDK 2 anything may be one, and nothing here may throw. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Seconds and nanoseconds since the epoch. */
export type HrTime = readonly [number, number];

/**
 * Returns the milliseconds since the epoch, with a fraction; `undefined` for a time that is not known, which
 * OpenTelemetry writes as 0 (StartTimeUnixNano).
 *
 * @internal
 */
export function millisecondsOf(time: HrTime | null | undefined): number | undefined {
  const [seconds = 0, nanoseconds = 0] = time ?? [];
  return seconds * 1e3 + nanoseconds / 1e6 || undefined;
}

/** What `collect()` resolves with. */
export interface CollectionResult {
  /** The metrics of all scopes. */
  readonly resourceMetrics: ResourceMetrics;
  /** What callbacks of observable instruments threw. */
  readonly errors: readonly unknown[];
}

/** The metrics of one process. */
export interface ResourceMetrics {
  /** What the metrics are of. */
  readonly resource: Resource;
  /** In an order that may differ from one collection to the next. */
  readonly scopeMetrics: readonly ScopeMetrics[];
}

/** What metrics are of, such as a service. */
export interface Resource {
  /** The same object as long as nothing in it changes. */
  readonly attributes: Attributes;
  /** Whether some attributes are not there yet. */
  readonly asyncAttributesPending?: boolean | undefined;
  /** Resolves when detectors have found all attributes; reading them sooner is an error to the SDK. */
  readonly waitForAsyncAttributes?: (() => Promise<void>) | undefined;
}

/** The metrics of one instrumentation library. */
export interface ScopeMetrics {
  /** The same object at each collection. */
  readonly scope: Scope;
  /** Only instruments with data. */
  readonly metrics: readonly MetricData[];
}

/** An instrumentation library. */
export interface Scope {
  /** Its name. */
  readonly name: string;
  /** Its version; `""` where none is given. */
  readonly version?: string | undefined;
  /** Where its schema is. */
  readonly schemaUrl?: string | undefined;
  /** No SDK has them up to 3.1; a metric producer may. */
  readonly attributes?: Attributes | undefined;
}

/** What one instrument has counted: one stream. */
export interface MetricData {
  /** The same object at each collection, until the instrument is created again with a longer description. */
  readonly descriptor: Descriptor;
  /** A number of `TEMPORALITY`. */
  readonly aggregationTemporality: number;
  /** A number of `DATA_POINT_TYPE`. */
  readonly dataPointType: number;
  /** Whether a sum only grows. */
  readonly isMonotonic?: boolean | undefined;
  /** One for each label set, in the order in which they came; new objects at each collection. */
  readonly dataPoints: readonly DataPoint[];
}

/** An instrument. */
export interface Descriptor {
  /** Its name, such as `http.server.request.duration`. */
  readonly name: string;
  /** What it counts, for a reader. */
  readonly description: string;
  /** Its unit, in the case-sensitive notation of UCUM. */
  readonly unit: string;
  /** How it was created, such as `"COUNTER"` or `"OBSERVABLE_COUNTER"`; only SDK 1 declares it. */
  readonly type?: string | undefined;
}

/** One label set of a stream. `value` depends on the stream's `dataPointType`. */
export interface DataPoint<Value = unknown> {
  /** The object that the first recording brought, which is often the caller's own. */
  readonly attributes: Attributes;
  /** When counting began. */
  readonly startTime: HrTime;
  /** What has been counted. */
  readonly value: Value;
  /** In no released version; in the shape of the SDK's unreleased code. */
  readonly exemplars?: readonly CollectedExemplar[] | undefined;
}

/** What a histogram has counted. */
export interface HistogramValue {
  /** Buckets that are not cumulative: there is one count more than there are boundaries. */
  readonly buckets: {
    readonly boundaries: readonly number[];
    readonly counts: readonly number[];
  };
  /** The number of observations. */
  readonly count: number;
  /** Absent where an instrument allows negative values. */
  readonly sum?: number | undefined;
}

/** What an exponential histogram has counted. */
export interface ExponentialValue {
  /** The number of observations. */
  readonly count: number;
  /** Absent where an instrument allows negative values. */
  readonly sum?: number | undefined;
  /** From 20, the finest, to -10. */
  readonly scale: number;
  /** The number of observations of 0. */
  readonly zeroCount: number;
  /** The buckets above zero. */
  readonly positive: ExponentialBuckets;
  /** The buckets below zero. */
  readonly negative: ExponentialBuckets;
}

/** Consecutive buckets; bucket `i` begins, and does not end, at `2 ** (i * 2 ** -scale)`. */
export interface ExponentialBuckets {
  /** The index of the first. */
  readonly offset: number;
  /** The count of each. */
  readonly bucketCounts: readonly number[];
}

/** One of the observations that a point has counted. */
export interface CollectedExemplar {
  /** The attributes that a view has taken off the point. */
  readonly filteredAttributes?: Attributes | undefined;
  /** The observed value. */
  readonly value: number;
  /** When it was observed. */
  readonly timestamp: HrTime;
  /** The trace in which it was observed. */
  readonly traceId?: string | undefined;
  /** The span in which it was observed. */
  readonly spanId?: string | undefined;
}

/** Whatever collects metrics: a reader of any version of the SDK, or a producer. */
export interface Collecting {
  /**
   * Collects all metrics.
   *
   * @param options `timeoutMillis` bounds each callback; without it one that hangs holds the collection.
   */
  collect(options?: { timeoutMillis?: number }): Promise<CollectionResult>;
}

/**
 * Whether points count from the beginning, or since the last collection.
 *
 * @internal
 */
export const TEMPORALITY = { delta: 0, cumulative: 1 } as const;

/**
 * What the points of a stream are.
 *
 * @internal
 */
export const DATA_POINT_TYPE = { histogram: 0, exponentialHistogram: 1, gauge: 2, sum: 3 } as const;
