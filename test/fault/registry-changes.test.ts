import assert from "node:assert/strict";
import type { RawConnection } from "../helpers/http/raw-connection.ts";
import type { TestServer } from "../helpers/http/with-server.ts";
import {
  type ClientLibrary,
  LIBRARIES,
  type LibraryRegistry,
} from "../helpers/registries/libraries.ts";
import { assertHonest, readAnswer } from "./answer.ts";
import { SCRAPE, testFault } from "./fault.ts";

// What the application does to its registry while a scrape of it is on its way.

interface Subject {
  readonly library: ClientLibrary;
  readonly registry: LibraryRegistry;
}

/** prom-client 15, and its successor; its forks are at a major version of their own. */
const isNewest = ({ major = 15 }: ClientLibrary) => major >= 15;

const SERIES = 20_000;
const MANY = 100_000;

function addGauge({ library, registry }: Subject, name: string, series: number): void {
  const registers = [registry];
  const gauge = new library.Gauge({ name, help: "h", labelNames: ["id", "path"], registers });
  const path = "/a/long/path/of/a/request".repeat(4);
  for (let id = 0; id < series; id++) gauge.set({ id: String(id), path }, id);
}

/** The first gauge of the registry, as the application holds it. */
function first({ registry }: Subject): { reset(): void; set(labels: object, value: number): void } {
  const [metric] = registry.getMetricsAsArray() as { reset(): void; set(): void }[];
  assert.ok(metric);
  return metric;
}

const CHANGES: Readonly<Record<string, (subject: Subject) => void>> = {
  cleared: ({ registry }) => registry.clear(),
  reset: ({ registry }) => registry.resetMetrics(),
  "robbed of the metric being read": ({ registry }) => registry.removeSingleMetric("big"),
  "robbed of a metric to come": ({ registry }) => registry.removeSingleMetric("small"),
  "emptied in the metric being read": (subject) => first(subject).reset(),
  "filled with a metric more": (subject) => addGauge(subject, "more", 10),
  "grown to 100,000 series": (subject) => {
    const gauge = first(subject);
    for (let id = SERIES; id < MANY; id++) gauge.set({ id: String(id), path: "/" }, id);
  },
  "given other default labels": ({ registry }) => registry.setDefaultLabels({ instance: "x" }),
  "scraped by its own metrics()": ({ registry }) => {
    // prom-client 13 and 14 know one format.
    registry.setContentType?.("application/openmetrics-text; version=1.0.0; charset=utf-8");
    void registry.metrics();
  },
};

for (const library of LIBRARIES) {
  for (const [what, change] of Object.entries(CHANGES)) {
    const subject: Subject = { library, registry: new library.Registry() };
    testFault({
      name: `a registry of ${library.name} that is ${what} during a scrape`,
      inThread: isNewest(library) ? "always" : "variant",
      server: () => {
        addGauge(subject, "big", SERIES);
        addGauge(subject, "small", 1);
        return { source: subject.registry };
      },
      inflict: async (server) => {
        const connection = await startScrape(server);
        change(subject);
        connection.socket.resume();
        // Values of before, values of after, or both; but no series twice, and none torn.
        const received = await connection.closed();
        assert.match(received, /^HTTP\/1\.1 200/);
        const answer = readAnswer(received);
        assert.ok(answer, "nothing that the application may do fails the scrape");
        assertHonest(answer);
        subject.registry.clear();
        addGauge(subject, "new", 1);
      },
    });
  }
}

/** Starts a scrape, and stops to read when the first bytes are there. */
async function startScrape({ connect }: TestServer): Promise<RawConnection> {
  const connection = await connect();
  await connection.send(SCRAPE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  await connection.until("some of the body", () => connection.received.length > 1_000);
  connection.socket.pause();
  return connection;
}
