import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import { createProbeFamilies, ProbeCounts } from "../../src/probe/probe-counts.ts";

/** The series of the families, as a text format writes them. */
function seriesOf(all: readonly ProbeCounts[]): string[] {
  return createProbeFamilies(all).flatMap(({ name, metrics }) =>
    Array.from(metrics as Iterable<ValueMetric>, ({ labels, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      return `${name}{${pairs.join()}} ${value}`;
    }),
  );
}

test("every series of a probe is there from the start, without a target", () => {
  assert.deepEqual(seriesOf([new ProbeCounts("/probe", [])]), [
    'promhttp_probes_total{path="/probe",result="success"} 0',
    'promhttp_probes_total{path="/probe",result="failure"} 0',
    'promhttp_probes_total{path="/probe",result="timeout"} 0',
    'promhttp_probes_total{path="/probe",result="refused"} 0',
    'promhttp_probes_in_flight{path="/probe"} 0',
  ]);
});

test("the probes of a server are one family, with a series for each module", () => {
  const [http, tcp] = [new ProbeCounts("/http", ["get", "head"]), new ProbeCounts("/tcp", [])];
  http.count("success", "head");
  http.count("refused", undefined);
  tcp.inFlight = 2;
  const series = seriesOf([http, tcp]);
  assert.equal(series.length, 9 + 4 + 2);
  assert.equal(new Set(series).size, series.length);
  assert.deepEqual(
    series.filter((line) => !line.endsWith(" 0")),
    [
      'promhttp_probes_total{path="/http",module="head",result="success"} 1',
      'promhttp_probes_total{path="/http",result="refused"} 1',
      'promhttp_probes_in_flight{path="/tcp"} 2',
    ],
  );
});
