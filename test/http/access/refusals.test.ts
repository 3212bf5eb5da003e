import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals } from "../../../src/http/access/refusals.ts";
import { createLog } from "../../../src/log.ts";
import type { ValueMetric } from "../../../src/model/metric-family.ts";

function createRefusals() {
  const lines: unknown[][] = [];
  const add = (...line: unknown[]) => lines.push(line);
  const time = { now: 0 };
  const refusals = new Refusals(createLog({ error: add, warn: add }, () => time.now));
  // Cast: a counter has values.
  const metrics = refusals.families[0]?.metrics as Iterable<ValueMetric>;
  const counts = () =>
    Object.fromEntries(Array.from(metrics, ({ labels, value }) => [labels["reason"], value]));
  return { refusals, lines, time, counts };
}

const at = (address: string | undefined, isLocal = false) => ({ address, isLocal });

test("refusals are counted by their reasons, which are there from the start", () => {
  const { refusals, counts } = createRefusals();
  const none = {
    credentials_missing: 0,
    credentials_wrong: 0,
    locked_out: 0,
    rate_limited: 0,
    unavailable: 0,
    certificate: 0,
    network: 0,
    host: 0,
  };
  assert.deepEqual(counts(), none);
  refusals.refused("network", at("192.0.2.1"));
  refusals.refused("network", at("192.0.2.1"));
  refusals.count("host");
  assert.deepEqual(counts(), { ...none, network: 2, host: 1 });
  assert.equal(refusals.families, refusals.families);
});

test("each reason and address has a line a minute, with a count of the rest", () => {
  const { refusals, lines, time } = createRefusals();
  for (let index = 0; index < 5; index++) {
    refusals.refused("credentials_wrong", at("192.0.2.1"), 'user "prom"');
  }
  refusals.refused("credentials_missing", at("192.0.2.1"));
  refusals.refused("credentials_missing", at("192.0.2.2"));
  time.now = 60_000;
  refusals.refused("credentials_wrong", at("192.0.2.1"));
  assert.deepEqual(
    lines.map(([message]) => message),
    [
      'promhttp: Refused a request from 192.0.2.1: its credentials are wrong (user "prom")',
      "promhttp: Refused a request from 192.0.2.1: it has no credentials",
      "promhttp: Refused a request from 192.0.2.2: it has no credentials",
      "promhttp: Refused a request from 192.0.2.1: its credentials are wrong (5 times in 60 s)",
    ],
  );
  assert.deepEqual(lines[0]?.[1], { reason: "credentials_wrong", address: "192.0.2.1" });
});

test("clients without an address are named, too", () => {
  const { refusals, lines } = createRefusals();
  refusals.refused("network", at(undefined));
  refusals.refused("credentials_missing", at(undefined, true));
  assert.match(String(lines[0]?.[0]), /from an unknown address:/);
  assert.match(String(lines[1]?.[0]), /from a unix socket:/);
});

test("a flood from many addresses has lines of its own for 32 of them", () => {
  const { refusals, lines } = createRefusals();
  for (let index = 0; index < 5_000; index++) {
    refusals.refused("network", at(`10.0.${index >> 8}.${index & 255}`));
  }
  assert.equal(lines.length, 33);
  assert.match(String(lines.at(-1)?.[0]), /from other addresses:/);
});
