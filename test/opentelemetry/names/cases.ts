import type { Attributes } from "@opentelemetry/api";
import type { MeterOf } from "../rows/application.ts";
import type { SdkName } from "../sdk.ts";

/** One application whose body is compared with that of the installed exporter. */
export interface Case {
  readonly of: string;
  readonly count: (meterOf: MeterOf) => void;
  readonly resource?: Readonly<Record<string, string>>;
  readonly prefix?: string;
  /** Why the bodies differ on purpose, and with which exporters; with all others they are equal. */
  readonly differs?: Partial<Readonly<Record<SdkName, string>>>;
}

const REFUSED = "a scraper refuses the exporter's body";

/** The same for each exporter. */
function always(reason: string): Readonly<Record<SdkName, string>> {
  return { "sdk-1": reason, "sdk-2.0": reason, "sdk-2": reason, "sdk-3": reason };
}

/** Where the exporter and `unitSuffixes: false` could differ, and where they do so on purpose. */
export const CASES: readonly Case[] = [
  {
    of: "a counter",
    count: (meterOf) => meterOf().createCounter("http.requests", { unit: "By" }).add(1, { a: "b" }),
  },
  {
    of: "a histogram",
    count: (meterOf) => meterOf().createHistogram("duration", { unit: "s" }).record(3),
  },
  {
    of: "an up-down counter",
    count: (meterOf) => meterOf().createUpDownCounter("open", { unit: "1" }).add(3),
  },
  {
    of: "an observable counter",
    count: (meterOf) =>
      meterOf()
        .createObservableCounter("seen")
        .addCallback((result) => result.observe(3)),
  },
  {
    of: "an observable gauge with the unit 1",
    count: (meterOf) =>
      meterOf()
        .createObservableGauge("load", { unit: "1" })
        .addCallback((result) => result.observe(0.5)),
  },
  {
    of: "labels of the scope",
    count: (meterOf) =>
      meterOf("lib", "1.2", { schemaUrl: "https://example.com/" }).createCounter("a").add(1),
  },
  {
    of: "a legal prefix",
    count: (meterOf) => meterOf().createCounter("a").add(1),
    prefix: "my__app_",
  },
  {
    of: "an illegal prefix",
    count: (meterOf) => meterOf().createCounter("a").add(1),
    prefix: "my.app",
    differs: always(REFUSED),
  },
  {
    of: "a name that begins with a digit",
    count: (meterOf) => meterOf().createCounter("1x").add(1),
    differs: { "sdk-1": REFUSED, "sdk-2.0": REFUSED },
  },
  {
    of: "a name of which nothing is left",
    count(meterOf) {
      meterOf().createCounter("a").add(1);
      meterOf().createCounter("μ").add(1);
    },
    differs: {
      "sdk-1": "newer exporters leave it out",
      "sdk-2.0": "newer exporters leave it out",
    },
  },
  {
    of: "a name of which only the prefix is left",
    count: (meterOf) => meterOf().createCounter("μ").add(1),
    prefix: "app",
  },
  {
    of: "a counter that is called `_total`",
    count: (meterOf) => meterOf().createCounter(".total").add(1),
    differs: always("the Python client's parser refuses it, so it has no type here"),
  },
  {
    of: "an empty resource",
    count: (meterOf) => meterOf().createCounter("a").add(1),
    resource: {},
    differs: always("an empty `target_info` says nothing"),
  },
  {
    of: "an attribute that is not a number",
    count: (meterOf) => meterOf().createCounter("a").add(1, { nan: Number.NaN }),
    differs: always('the specification: `NaN`; the exporter writes "null"'),
  },
  {
    of: "an attribute that is null",
    // The types of the API do not allow it.
    count: (meterOf) =>
      meterOf()
        .createCounter("a")
        .add(1, { none: null } as unknown as Attributes),
    differs: always('the specification: an empty value; the exporter writes "null"'),
  },
  {
    of: "an attribute without a value",
    count: (meterOf) => meterOf().createCounter("a").add(1, { none: "" }),
  },
  {
    of: "attributes that have one name",
    count: (meterOf) => meterOf().createCounter("a").add(1, { "a.b": "1", a_b: "2" }),
    differs: always(REFUSED),
  },
  {
    of: "an attribute that begins with a digit",
    count: (meterOf) => meterOf().createCounter("a").add(1, { "1x": "1" }),
    differs: always(REFUSED),
  },
  {
    of: "the attribute `le` of a histogram",
    count: (meterOf) => meterOf().createHistogram("a").record(1, { le: "1" }),
    differs: always(REFUSED),
  },
  {
    of: "one name in two scopes",
    count(meterOf) {
      meterOf("one").createCounter("a").add(1);
      meterOf("two").createCounter("a").add(1, { b: "c" });
    },
    differs: { "sdk-1": REFUSED, "sdk-2.0": REFUSED, "sdk-2": REFUSED },
  },
  {
    of: "one name with two types",
    count(meterOf) {
      meterOf("one").createCounter("a").add(1);
      meterOf("two").createUpDownCounter("a_total").add(2);
    },
    differs: {
      ...always(REFUSED),
      "sdk-3": "the specification: the earlier metric stays; the exporter drops both",
    },
  },
  {
    of: "an instrument that is called like the resource's",
    count: (meterOf) => meterOf().createUpDownCounter("target.info").add(1, { a: "b" }),
    differs: { ...always(REFUSED), "sdk-3": "a type conflict: `target_info` is the resource's" },
  },
];
