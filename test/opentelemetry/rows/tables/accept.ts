/** What scrapers ask for. */
export const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
export const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
export const UTF8_TEXT = "text/plain;version=1.0.0;escaping=allow-utf-8";
