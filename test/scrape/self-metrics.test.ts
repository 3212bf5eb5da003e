import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { SelfMetrics } from "../../src/scrape/self-metrics.ts";
import { encodeFamilies } from "../helpers/encode-families.ts";
import { parseExposition } from "../judge/index.ts";

function textOf(self: SelfMetrics): string {
  const { body, faults } = encodeFamilies(createTextEncoder("underscores"), self.families());
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

test("SelfMetrics says nothing of connections where nobody knows them", () => {
  assert.doesNotMatch(textOf(new SelfMetrics()), /connections/);
});

test("SelfMetrics gives the values of the moment in the same families", () => {
  const self = new SelfMetrics();
  const families = self.families();
  self.requests[200] = 7;
  self.inFlight = 2;
  self.errors.timeout = 1;
  self.events.shed = 5;
  self.gathering.count = 2;
  self.gathering.sumMs = 1_500;
  self.encoding.count = 4;
  self.encoding.sumMs = 250;
  for (const [index, family] of self.families().entries()) assert.equal(family, families[index]);
  const text = textOf(self);
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
  const self = new SelfMetrics();
  self.sent(10, "text-0.0.4", "identity");
  self.sent(5, "text-0.0.4", "gzip");
  self.sent(7, "text-0.0.4", "identity");
  assert.deepEqual(
    textOf(self)
      .split("\n")
      .filter((line) => line.startsWith("promhttp_response_bytes_total")),
    [
      'promhttp_response_bytes_total{format="text-0.0.4",encoding="identity"} 17',
      'promhttp_response_bytes_total{format="text-0.0.4",encoding="gzip"} 5',
    ],
  );
});

test("SelfMetrics brings the health of collectors along once there is something to say", () => {
  const self = new SelfMetrics();
  assert.doesNotMatch(textOf(self), /promhttp_scrape_collector/);
  self.collectors.record([{ collector: "queue", error: "down", durationMs: 5 }], () => true);
  const text = textOf(self);
  assert.match(text, /\npromhttp_scrape_collector_success\{collector="queue"\} 0\n/);
  assert.match(text, /\npromhttp_scrape_collector_duration_seconds\{collector="queue"\} 0.005\n/);
});

test("SelfMetrics is lawful OpenMetrics and lawful text", () => {
  const self = new SelfMetrics(() => 1);
  self.sent(10, "text-0.0.4", "identity");
  self.collectors.record([{ collector: "queue", error: "down", durationMs: 5 }], () => true);
  const openMetrics = encodeFamilies(createOpenMetricsEncoder("underscores"), self.families());
  const types = {
    "application/openmetrics-text; version=1.0.0; charset=utf-8": openMetrics.body,
    "text/plain; version=0.0.4; charset=utf-8": textOf(self),
  };
  for (const [type, body] of Object.entries(types)) {
    parseExposition(type, Buffer.from(body));
  }
});
