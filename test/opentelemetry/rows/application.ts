import type { Attributes, Meter, MeterOptions } from "@opentelemetry/api";
import type {
  IMetricReader,
  MeterProvider,
  MeterProviderOptions,
  ViewOptions,
} from "@opentelemetry/sdk-metrics";
import type { Sdk } from "../sdk.ts";

/** An application that counts with OpenTelemetry, in the same words for each SDK. */
export interface Application {
  /** @default { "service.name": "shop" } */
  readonly resource?: Attributes;
  /** Attributes of the resource that are found later, by their keys. */
  readonly later?: Readonly<Record<string, Promise<string>>>;
  readonly views?: readonly TestView[];
  /** What its libraries count. */
  readonly count?: (meterOf: MeterOf) => void;
}

/** Makes the meter of a library. */
export type MeterOf = (scope?: string, version?: string, options?: MeterOptions) => Meter;

/** What happens to the instruments of a name. */
export interface TestView {
  readonly instrumentName: string;
  /** Makes it an exponential histogram with at most so many buckets. */
  readonly maxBuckets?: number;
  readonly cardinalityLimit?: number;
}

/** Runs an application with a reader, and returns its provider. */
export function runApplication(
  sdk: Sdk,
  reader: IMetricReader,
  { resource = { "service.name": "shop" }, later = {}, views = [], count }: Application,
): MeterProvider {
  const options = {
    readers: [reader],
    resource: resourceOf(sdk, resource, later),
    views: views.map((view) => viewOf(sdk, view)),
    // Of SDK 1: otherwise no resource is empty.
    mergeResourceWithDefaults: false,
  };
  const provider = new sdk.metrics.MeterProvider(options);
  count?.((scope = "shop", version, meterOptions) =>
    provider.getMeter(scope, version, meterOptions),
  );
  return provider;
}

/** What the versions of the SDK name differently. */
interface Modules {
  /** SDK 1. */
  readonly Resource: new (
    attributes: Attributes,
    later?: Promise<Attributes>,
  ) => TestResource;
  /** SDK 1. */
  readonly View: new (
    options: object,
  ) => ViewOptions;
  /** SDK 1. */
  readonly ExponentialHistogramAggregation: new (
    maxSize: number,
  ) => object;
  /** Since SDK 2. */
  readonly resourceFromAttributes: (attributes: object) => TestResource;
}

type TestResource = NonNullable<MeterProviderOptions["resource"]>;

function resourceOf(
  sdk: Sdk,
  attributes: Attributes,
  later: Readonly<Record<string, Promise<string>>>,
): TestResource {
  const { Resource, resourceFromAttributes } = sdk.require("@opentelemetry/resources") as Modules;
  if (sdk.major > 1) return resourceFromAttributes({ ...attributes, ...later });
  if (Object.keys(later).length === 0) return new Resource(attributes);
  const found = Object.entries(later).map(async ([key, value]) => [key, await value] as const);
  return new Resource(attributes, Promise.all(found).then(Object.fromEntries));
}

function viewOf(sdk: Sdk, { instrumentName, maxBuckets, cardinalityLimit }: TestView): ViewOptions {
  const limit = cardinalityLimit && { aggregationCardinalityLimit: cardinalityLimit };
  if (sdk.major > 1) {
    const aggregation = maxBuckets && {
      aggregation: {
        type: sdk.metrics.AggregationType.EXPONENTIAL_HISTOGRAM,
        options: { maxSize: maxBuckets },
      },
    };
    return { instrumentName, ...limit, ...aggregation } as ViewOptions;
  }
  const { View, ExponentialHistogramAggregation } = sdk.metrics as unknown as Modules;
  const aggregation = maxBuckets && {
    aggregation: new ExponentialHistogramAggregation(maxBuckets),
  };
  return new View({ instrumentName, ...limit, ...aggregation });
}
