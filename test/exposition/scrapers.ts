import type { NegotiatedFormat } from "../../src/exposition/formats.ts";

/** A scraper, the `Accept` header that it sends, and what it must get from the default offer. */
export interface Scraper extends NegotiatedFormat {
  readonly name: string;
  readonly accept: string | undefined;
}

const TEXT = {
  format: "text-0.0.4",
  escaping: "underscores",
  contentType: "text/plain; version=0.0.4; charset=utf-8",
} as const;

const OPENMETRICS = {
  format: "openmetrics-1.0.0",
  escaping: "underscores",
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
} as const;

const OPENMETRICS_UTF8 = {
  format: "openmetrics-1.0.0",
  escaping: "allow-utf-8",
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
} as const;

const OPENMETRICS_0 = {
  format: "openmetrics-0.0.1",
  escaping: "underscores",
  contentType: "application/openmetrics-text; version=0.0.1; charset=utf-8",
} as const;

const PROTOBUF = {
  format: "protobuf",
  escaping: "underscores",
  contentType:
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
} as const;

const PROTOBUF_UTF8 = {
  format: "protobuf",
  escaping: "allow-utf-8",
  contentType: `${PROTOBUF.contentType}; escaping=allow-utf-8`,
} as const;

/** The headers as each release builds them in `scrape/scrape.go`, or as captured. */
export const SCRAPERS: readonly Scraper[] = [
  {
    name: "Prometheus 1.x",
    accept:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    ...PROTOBUF,
  },
  {
    name: "Prometheus 2.0 to 2.4",
    accept: "text/plain;version=0.0.4;q=1,*/*;q=0.1",
    ...TEXT,
  },
  {
    name: "Prometheus 2.5 to 2.33",
    accept: "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ...OPENMETRICS_0,
  },
  {
    name: "Prometheus 2.34 to 2.48",
    accept:
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ...OPENMETRICS,
  },
  {
    name: "Prometheus 2.42 with native histograms",
    accept:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ...PROTOBUF,
  },
  {
    name: "Prometheus 2.40",
    accept:
      "application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ...OPENMETRICS,
  },
  {
    name: "Prometheus 2.49.0",
    accept:
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=2",
    ...OPENMETRICS,
  },
  {
    name: "Prometheus 2.49.1 to 2.55",
    accept:
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    ...OPENMETRICS,
  },
  {
    name: "Prometheus 2.50 to 2.55 with protobuf first",
    accept:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    ...PROTOBUF,
  },
  {
    name: "Prometheus 3.0.0 to 3.2.0",
    accept:
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2",
    ...OPENMETRICS_UTF8,
  },
  {
    name: "Prometheus 3.2.1 to 3.3",
    accept:
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2",
    ...OPENMETRICS_UTF8,
  },
  {
    name: "Prometheus 3.4 and later",
    accept:
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    ...OPENMETRICS_UTF8,
  },
  {
    name: "Prometheus 3.4 and later with protobuf first",
    accept:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    ...PROTOBUF_UTF8,
  },
  {
    name: "Prometheus with only text 0.0.4 in scrape_protocols",
    accept: "text/plain;version=0.0.4;q=0.6,*/*;q=0.5",
    ...TEXT,
  },
  {
    name: "Prometheus with only text 1.0.0 in scrape_protocols",
    accept: "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.5",
    format: "text-1.0.0",
    escaping: "allow-utf-8",
    contentType: "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
  },
  {
    name: "the example of the Prometheus docs, with its misprint",
    accept:
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,/;q=0.1",
    ...OPENMETRICS_UTF8,
  },
  {
    name: "Grafana Alloy",
    accept:
      "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=underscores;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    ...OPENMETRICS,
  },
  {
    name: "vmagent, VictoriaMetrics and Netdata",
    accept: "text/plain;version=0.0.4;q=1,*/*;q=0.1",
    ...TEXT,
  },
  { name: "the Datadog Agent and Vector", accept: "text/plain", ...TEXT },
  {
    name: "the Datadog Agent with use_latest_spec",
    accept: "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1",
    ...OPENMETRICS,
  },
  {
    name: "Telegraf",
    accept:
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    ...PROTOBUF,
  },
  { name: "curl, wget and Kubernetes probes", accept: "*/*", ...TEXT },
  {
    name: "a browser",
    accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ...TEXT,
  },
  {
    name: "Java's HttpURLConnection",
    accept: "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    ...TEXT,
  },
  { name: "a client without an Accept header", accept: undefined, ...TEXT },
  { name: "a client with an empty Accept header", accept: "", ...TEXT },
];
