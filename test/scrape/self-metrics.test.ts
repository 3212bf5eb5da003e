import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { SelfMetrics, Status } from "../../src/scrape/self-metrics.ts";
import { encodeFamilies, lines } from "../helpers/scraping/encode-families.ts";
import { parseExposition } from "../judge/index.ts";

function textOf(metrics: SelfMetrics): string {
  const { body, faults } = encodeFamilies(createTextEncoder("underscores"), metrics.families());
  assert.deepEqual(faults, []);
  return body;
}

test("SelfMetrics has all its series from the start", () => {
  assert.equal(
    textOf(new SelfMetrics(() => 3)),
    `# HELP promhttp_metric_handler_requests_total Scrapes by HTTP status code.
# TYPE promhttp_metric_handler_requests_total counter
promhttp_metric_handler_requests_total{code="200"} 0
promhttp_metric_handler_requests_total{code="400"} 0
promhttp_metric_handler_requests_total{code="500"} 0
promhttp_metric_handler_requests_total{code="503"} 0
# HELP promhttp_metric_handler_requests_in_flight Scrapes being served.
# TYPE promhttp_metric_handler_requests_in_flight gauge
promhttp_metric_handler_requests_in_flight 0
# HELP promhttp_metric_handler_errors_total Errors by cause: failed scrapes, and metrics that were left out.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause="gathering"} 0
promhttp_metric_handler_errors_total{cause="encoding"} 0
promhttp_metric_handler_errors_total{cause="timeout"} 0
# HELP promhttp_scrape_events_total What happened to scrapes beside their answer.
# TYPE promhttp_scrape_events_total counter
promhttp_scrape_events_total{event="shared"} 0
promhttp_scrape_events_total{event="shed"} 0
promhttp_scrape_events_total{event="timed_out"} 0
promhttp_scrape_events_total{event="aborted"} 0
promhttp_scrape_events_total{event="oversized"} 0
promhttp_scrape_events_total{event="page"} 0
# HELP promhttp_gather_duration_seconds Time that collectors took.
# TYPE promhttp_gather_duration_seconds summary
promhttp_gather_duration_seconds_sum 0
promhttp_gather_duration_seconds_count 0
# HELP promhttp_encode_duration_seconds Time that encoding took.
# TYPE promhttp_encode_duration_seconds summary
promhttp_encode_duration_seconds_sum 0
promhttp_encode_duration_seconds_count 0
# HELP promhttp_response_bytes_total Bytes of bodies by format and content encoding.
# TYPE promhttp_response_bytes_total counter
# HELP promhttp_connections_open Open connections.
# TYPE promhttp_connections_open gauge
promhttp_connections_open 3
`,
  );
});

test("SelfMetrics has no connections where they are unknown", () => {
  assert.doesNotMatch(textOf(new SelfMetrics()), /connections/);
});

test("SelfMetrics returns the same families with current values", () => {
  const metrics = new SelfMetrics();
  const families = metrics.families();
  metrics.requests[200] = 7;
  metrics.inFlight = 2;
  metrics.errors.timeout = 1;
  metrics.events.shed = 5;
  metrics.gathering.count = 2;
  metrics.gathering.sumMs = 1_500;
  metrics.encoding.count = 4;
  metrics.encoding.sumMs = 250;
  for (const [index, family] of metrics.families().entries()) assert.equal(family, families[index]);
  const text = textOf(metrics);
  for (const line of [
    'promhttp_metric_handler_requests_total{code="200"} 7',
    "promhttp_metric_handler_requests_in_flight 2",
    'promhttp_metric_handler_errors_total{cause="timeout"} 1',
    'promhttp_scrape_events_total{event="shed"} 5',
    "promhttp_gather_duration_seconds_sum 1.5",
    "promhttp_gather_duration_seconds_count 2",
    "promhttp_encode_duration_seconds_sum 0.25",
    "promhttp_encode_duration_seconds_count 4",
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

test("SelfMetrics adds up bytes by format and content encoding", () => {
  const metrics = new SelfMetrics();
  metrics.sent(10, "text-0.0.4", "identity");
  metrics.sent(5, "text-0.0.4", "gzip");
  metrics.sent(7, "text-0.0.4", "identity");
  assert.deepEqual(
    textOf(metrics)
      .split("\n")
      .filter((line) => line.startsWith("promhttp_response_bytes_total")),
    [
      'promhttp_response_bytes_total{format="text-0.0.4",encoding="identity"} 17',
      'promhttp_response_bytes_total{format="text-0.0.4",encoding="gzip"} 5',
    ],
  );
});

test("SelfMetrics includes the health of collectors once one has failed", () => {
  const metrics = new SelfMetrics();
  assert.doesNotMatch(textOf(metrics), /promhttp_scrape_collector/);
  metrics.collectors.record([{ collector: "queue", error: "down", durationMs: 5 }], () => true);
  const text = textOf(metrics);
  assert.match(text, /\npromhttp_scrape_collector_success\{collector="queue"\} 0\n/);
  assert.match(text, /\npromhttp_scrape_collector_duration_seconds\{collector="queue"\} 0.005\n/);
});

test("SelfMetrics is valid OpenMetrics and valid text", () => {
  const metrics = new SelfMetrics(() => 1);
  metrics.sent(10, "text-0.0.4", "identity");
  metrics.collectors.record([{ collector: "queue", error: "down", durationMs: 5 }], () => true);
  const openMetrics = encodeFamilies(createOpenMetricsEncoder("underscores"), metrics.families());
  const types = {
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores":
      openMetrics.body,
    "text/plain; version=0.0.4; charset=utf-8": textOf(metrics),
  };
  for (const [type, body] of Object.entries(types)) {
    parseExposition(type, Buffer.from(body));
  }
});

test("Status has no metric without a name", () => {
  assert.deepEqual(new Status(undefined).families, []);
});

for (const [isFailing, value] of [
  [false, 1],
  [true, 0],
] as const) {
  test(`Status is ${value} when isFailing is ${isFailing}, under its own name`, () => {
    const status = new Status("shop");
    const { families } = status;
    status.isFailing = isFailing;
    assert.equal(
      encodeFamilies(createTextEncoder("underscores"), families).body,
      lines(
        "# HELP shop_up Whether the application has declared that its metrics are in order.",
        "# TYPE shop_up gauge",
        `shop_up ${value}`,
      ),
    );
  });
}
