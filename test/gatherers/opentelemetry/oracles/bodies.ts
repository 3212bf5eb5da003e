import type {
  Attributes,
  ScopeMetrics,
} from "../../../../src/gatherers/opentelemetry/collected.ts";
import type { MappingOptions } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";

/** One body, and what it is made of. */
export interface Body {
  /** What the other implementation calls it. */
  readonly name: string;
  readonly options?: MappingOptions;
  readonly resource?: Attributes;
  readonly scopes: readonly ScopeMetrics[];
  readonly body: string;
}

/** Writes a family. */
export function family(name: string, type: string, help: string, ...samples: string[]): string {
  const written = /^[a-z_]+$/.test(name) ? name : `"${name}"`;
  return [`# HELP ${written} ${help}`, `# TYPE ${written} ${type}`, ...samples, ""].join("\n");
}

/** The samples of a histogram; what is given of a bucket is how many observations it and those below have. */
export function buckets(
  name: string,
  labels: string,
  cumulative: readonly (readonly [bound: number, count: number])[],
  sum: number,
  count: number,
): string[] {
  const sample = (suffix: string, all: string, value: number) =>
    name.includes(".")
      ? `{"${name}${suffix}",${all}} ${value}`
      : `${name}${suffix}{${all}} ${value}`;
  return [
    ...cumulative.map(([bound, value]) => sample("_bucket", `${labels},le="${bound}"`, value)),
    sample("_bucket", `${labels},le="+Inf"`, count),
    sample("_sum", labels, sum),
    sample("_count", labels, count),
  ];
}
