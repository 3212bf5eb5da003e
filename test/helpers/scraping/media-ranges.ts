import type { Format } from "../../../src/options/options.ts";

/** What a scraper accepts to get a format. */
export const MEDIA_RANGES: Readonly<Record<Format, string>> = {
  "text-0.0.4": "text/plain;version=0.0.4",
  "text-1.0.0": "text/plain;version=1.0.0",
  "openmetrics-1.0.0": "application/openmetrics-text;version=1.0.0",
  "openmetrics-0.0.1": "application/openmetrics-text;version=0.0.1",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};
