/**
 * What OpenTelemetry's Go exporter serves: the instruments of `exporter_test.go` and the bodies of
 * `testdata/` in github.com/open-telemetry/opentelemetry-go, exporters/prometheus (Apache-2.0), as tables.
 *
 * Left out are labels with an empty value, which the exporter writes for the scope and which mean the same
 * as none, and two bodies of features that only Go has, the bridge and a meter without a name.
 */
import type { Attributes } from "../../../../../src/gatherers/opentelemetry/collected.ts";

/** The attributes of the resource, where a body has no others. */
export const RESOURCE: Attributes = {
  "service.name": "prometheus_test",
  "telemetry.sdk.language": "go",
  "telemetry.sdk.name": "opentelemetry",
  "telemetry.sdk.version": "latest",
};

const RESOURCE_LABELS = Object.entries(RESOURCE).map(([key, value]) => `"${key}"="${value}"`);

/** The labels of the resource, with keys that are escaped. */
export const ESCAPED_LABELS: readonly string[] = Object.entries(RESOURCE).map(
  ([key, value]) => `${key.replaceAll(".", "_")}="${value}"`,
);

/** What comes before the sample of the resource. */
export const INFO = "# HELP target_info Target metadata\n# TYPE target_info gauge\n";

/** The resource, with keys that are escaped. */
export const TARGET: string = `${INFO}target_info{${ESCAPED_LABELS.join(",")}} 1\n`;

/** The resource, with its own keys. */
export const UTF8_TARGET: string = `${INFO}target_info{${RESOURCE_LABELS.join(",")}} 1\n`;

/** The boundaries of a histogram where nothing else is said. */
export const DEFAULT_BOUNDARIES: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
];
