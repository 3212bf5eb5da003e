import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, startLineOf, type Wanted } from "../../src/exporter/place.ts";

/** What the application says, the version of its SDK, and the line of the log. */
const PLACES: readonly [Partial<Wanted>, version: string | undefined, line: string][] = [
  [
    {},
    "2.12.1",
    "undefined 9464, on every interface (host: default for @opentelemetry/sdk-metrics 2.12.1; port: default)",
  ],
  [
    {},
    "3.1.1",
    "localhost 9464 (host: default for @opentelemetry/sdk-metrics 3.1.1, scrapers on other machines need OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0; port: default)",
  ],
  [
    {},
    undefined,
    "localhost 9464 (host: default without @opentelemetry/sdk-metrics, scrapers on other machines need OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0; port: default)",
  ],
  [
    { host: "0.0.0.0", port: 0 },
    "3.1.1",
    "0.0.0.0 0, on every interface (host: set by the option; port: set by the option)",
  ],
  [
    { variables: { host: "::1", port: "9100" } },
    "2.12.1",
    "::1 9100 (host: set by OTEL_EXPORTER_PROMETHEUS_HOST; port: set by OTEL_EXPORTER_PROMETHEUS_PORT)",
  ],
  [
    { host: "127.0.0.1", port: 9200, variables: { host: "::1", port: "9100" } },
    "2.12.1",
    "127.0.0.1 9200 (host: set by the option; port: set by the option)",
  ],
  [
    { host: "a", variables: { host: "", port: "http" } },
    "2.12.1",
    "a 9464 (host: set by the option; port: default, because OTEL_EXPORTER_PROMETHEUS_PORT is not a port)",
  ],
];

for (const [wanted, version, line] of PLACES) {
  test(`placeOf() gives ${line}`, () => {
    const variables = { host: "", port: "" };
    const place = placeOf(
      { host: undefined, port: undefined, variables, ...wanted },
      () => version,
    );
    assert.equal(startLineOf(`${place.host} ${place.port}`, place), `Metrics at ${line}`);
  });
}

test("placeOf() looks for the SDK only when nobody has given a host", () => {
  const wanted = { host: "a", port: 1, variables: { host: "", port: "" } };
  placeOf(wanted, () => assert.fail());
  placeOf({ ...wanted, host: undefined, variables: { host: "b", port: "" } }, () => assert.fail());
});
