import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../src/encoders/text.ts";
import { SelfMetrics } from "../../src/scrape/self-metrics.ts";

function textOf(self: SelfMetrics): string {
  const chunks = createTextEncoder("underscores").encode(self.families, assert.fail);
  return Buffer.from(chunks.next().value ?? "").toString();
}

test("SelfMetrics has all its series from the start", () => {
  assert.equal(
    textOf(new SelfMetrics()),
    `# HELP promhttp_metric_handler_requests_total Total number of scrapes by HTTP status code.
# TYPE promhttp_metric_handler_requests_total counter
promhttp_metric_handler_requests_total{code="200"} 0
promhttp_metric_handler_requests_total{code="500"} 0
promhttp_metric_handler_requests_total{code="503"} 0
# HELP promhttp_metric_handler_requests_in_flight Current number of scrapes being served.
# TYPE promhttp_metric_handler_requests_in_flight gauge
promhttp_metric_handler_requests_in_flight 0
# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the metric handler.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause="gathering"} 0
promhttp_metric_handler_errors_total{cause="encoding"} 0
promhttp_metric_handler_errors_total{cause="timeout"} 0
`,
  );
});

test("SelfMetrics gives the values of the moment in the same families", () => {
  const self = new SelfMetrics();
  const { families } = self;
  self.requests[200] = 7;
  self.inFlight = 2;
  self.errors.timeout = 1;
  assert.equal(self.families, families);
  const text = textOf(self);
  assert.match(text, /requests_total\{code="200"\} 7\n/);
  assert.match(text, /in_flight 2\n/);
  assert.match(text, /errors_total\{cause="timeout"\} 1\n/);
});
