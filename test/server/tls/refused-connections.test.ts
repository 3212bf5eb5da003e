import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../src/log.ts";
import { RefusedConnections } from "../../../src/server/tls/refused-connections.ts";
import { createRecorder } from "../../helpers/scraping/recorder.ts";

const REASONS = [
  "limit",
  "network",
  "tls_timeout",
  "tls_version",
  "plain_http",
  "certificate_missing",
  "certificate_invalid",
  "certificate_san",
  "tls_other",
] as const;

function read({ families }: RefusedConnections): (readonly [unknown, unknown])[] {
  const metrics = families.flatMap((family) => [...family.metrics]);
  return metrics.map((metric) => [
    metric.labels["reason"],
    "value" in metric ? metric.value : undefined,
  ]);
}

test("RefusedConnections counts every reason from 0", () => {
  const refused = new RefusedConnections(createLog(false));
  assert.deepEqual(
    refused.families.map(({ name }) => name),
    ["promhttp_refused_connections_total"],
  );
  assert.deepEqual(
    read(refused),
    REASONS.map((reason) => [reason, 0]),
  );
  for (const reason of REASONS) refused.add(reason, "10.0.0.1");
  assert.deepEqual(
    read(refused),
    REASONS.map((reason) => [reason, 1]),
  );
});

test("RefusedConnections writes an IPv4 address as the log of requests does", () => {
  const recorder = createRecorder();
  new RefusedConnections(createLog(recorder)).add("tls_timeout", "::ffff:10.0.0.1");
  assert.deepEqual(recorder.lines, [
    "warn promhttp: Refused a connection from 10.0.0.1: its TLS handshake took too long",
  ]);
});

test("RefusedConnections logs each reason once a minute, with the address", () => {
  const recorder = createRecorder();
  let now = 0;
  const refused = new RefusedConnections(createLog(recorder, () => now));
  for (const address of ["10.0.0.1", "10.0.0.2"]) refused.add("tls_timeout", address);
  refused.add("certificate_invalid", undefined, "its client certificate has expired");
  now = 61_000;
  refused.add("tls_timeout", "10.0.0.3");
  assert.deepEqual(recorder.lines, [
    "warn promhttp: Refused a connection from 10.0.0.1: its TLS handshake took too long",
    "warn promhttp: Refused a connection: its client certificate has expired",
    "warn promhttp: Refused a connection from 10.0.0.3: its TLS handshake took too long (2 times in 61 s)",
  ]);
});
