// What every way in must do. A check knows nothing of the way: it speaks to it as a client, and reads
// what happens behind it in the journal. It says beforehand what is logged; anything else is a fault.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type HandlerOptions, render } from "../../src/index.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";
import { type Client, type ClientResponse, get } from "./client.ts";
import { lastNumber } from "./journal.ts";
import { countingText, SOURCES, type SourceName } from "./sources.ts";
import type { Running } from "./way.ts";

/** Something that every way in must do. */
export interface Check {
  /** Continues a sentence that the name of the way begins. */
  readonly name: string;
  readonly source: SourceName;
  /** @default {} */
  readonly options?: HandlerOptions;
  /** The lines that are logged, and no others. */
  readonly log?: readonly RegExp[];
  run(running: Pick<Running, "connect" | "journal">): Promise<void>;
}

const FORMATS = {
  "text/plain;version=0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  "application/openmetrics-text;version=1.0.0":
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited":
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

const METHODS = "GET, HEAD, OPTIONS";
const FAILURE_TEXT = "The metrics could not be gathered. See the log of the process.\n";
const FAILURE_LINE = /^error promhttp: [^:]+: Error: the password is 1234/;
const GATHER_LINE = /^error promhttp: [^:]+: GatherError: /;
const TIMEOUT_LINE = /^error promhttp: [^:]+: ScrapeTimeoutError: /;

const ENCODINGS = ["identity", "gzip"] as const;

/** More of the endless body than the buffers between its source and a client can take: 50 MB. */
const MORE_THAN_BUFFERS = 50_000;

/** Every check; its name is the one in `Way.cannot`. */
export const CONTRACT: readonly Check[] = [
  {
    name: "serves the format and the families that a scraper asks for",
    source: "counting",
    async run({ connect }) {
      const client = await connect();
      let gatherings = 0;
      for (const [accept, contentType] of Object.entries(FORMATS)) {
        const response = await get(client, { query: "?name[]=gatherings", headers: { accept } });
        const { status, headers, body, isComplete } = response;
        assert.equal(status, 200);
        assert.equal(headers["content-type"], contentType);
        assert.equal(headers["content-length"], String(body.length));
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.match(headers["cache-control"] ?? "", /^no-store\b/);
        assert.equal(headers["vary"], "Accept, Accept-Encoding");
        assert.ok(isComplete);
        gatherings++;
        if (accept.startsWith("text/plain")) assert.equal(`${body}`, countingText(gatherings));
      }
      assert.equal((await get(client, { query: "?name[]=%" })).status, 400);
    },
  },

  {
    name: "forbids others to transform the body",
    source: "counting",
    async run({ connect }) {
      const { headers } = await get(await connect());
      assert.equal(headers["cache-control"], "no-store, no-transform");
    },
  },

  {
    name: "answers HEAD without gathering, and keeps the connection",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      const client = await connect();
      const { status, headers, body } = await get(client, { method: "HEAD" });
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.equal(body.length, 0);
      assert.equal(`${(await get(client)).body}`, countingText(1));
    },
  },

  {
    name: "sends no length with HEAD",
    source: "counting",
    async run({ connect }) {
      const { headers } = await get(await connect(), { method: "HEAD" });
      assert.equal(headers["content-length"], undefined);
    },
  },

  {
    name: "rejects other methods without gathering, and answers OPTIONS",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      const client = await connect();
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        const headers = { "content-length": "0" };
        const response = await get(client, { method, headers });
        assert.equal(response.status, 405);
        assert.equal(response.headers["allow"], METHODS);
        assert.equal(`${response.body}`, "Method not allowed.\n");
      }
      const { status, headers, body } = await get(client, { method: "OPTIONS" });
      assert.equal(status, 204);
      assert.equal(headers["allow"], METHODS);
      assert.equal(body.length, 0);
      assert.equal(`${(await get(client)).body}`, countingText(1));
    },
  },

  {
    name: "rejects a body without gathering",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      const request = { headers: { "content-length": "5" }, body: "hello" };
      const { status, isComplete } = await get(await connect(), request);
      assert.equal(status, 413);
      assert.ok(isComplete);
      assert.equal(`${(await get(await connect())).body}`, countingText(1));
    },
  },

  {
    name: "rejects a host that is not allowed, without gathering",
    source: "counting",
    options: { selfMetrics: false, allowedHosts: ["metrics.example.com"] },
    async run({ connect }) {
      const scrape = async (host: string) => get(await connect(), { headers: { host } });
      assert.equal((await scrape("evil.example.com")).status, 403);
      assert.equal(`${(await scrape("metrics.example.com:80")).body}`, countingText(1));
    },
  },

  {
    name: "serves a large body whole, plain and gzip",
    source: "large",
    options: { selfMetrics: false },
    async run({ connect }) {
      const client = await connect();
      // The first is encoded anew, the others are of bytes that were kept.
      for (const encoding of ["identity", "gzip", "identity"]) {
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(1_000);
        exchange.pause();
        await turns(20);
        exchange.resume();
        const { headers, body, isComplete } = await exchange.response();
        assert.ok(isComplete);
        assert.equal(headers["content-length"], undefined);
        assert.equal(headers["x-content-type-options"], "nosniff");
        const isGzip = encoding === "gzip";
        assert.equal(headers["content-encoding"], isGzip ? "gzip" : undefined);
        const text = isGzip ? gunzipSync(body) : body;
        assert.ok(text.equals(await largeBody), "the body differs");
      }
    },
  },

  {
    name: "does not count a complete scrape as aborted",
    source: "large",
    async run({ connect }) {
      const client = await connect();
      assert.ok((await get(client)).isComplete);
      const { body } = await get(client, { query: "?name[]=promhttp_scrape_events_total" });
      assert.match(`${body}`, /\{event="aborted"\} 0\n/);
    },
  },

  {
    name: "answers 500 with a fixed text when a collector throws",
    source: "throwing",
    log: [GATHER_LINE],
    async run({ connect }) {
      const client = await connect();
      const { status, body } = await get(client);
      assert.equal(status, 500);
      assert.equal(`${body}`, FAILURE_TEXT);
      assert.equal((await get(client, { method: "HEAD" })).status, 200);
    },
  },

  {
    name: "answers 503 when a collector misses the deadline",
    source: "blocking",
    options: { timeoutOffsetMs: 0 },
    log: [TIMEOUT_LINE],
    async run({ connect, journal }) {
      const headers = { "x-prometheus-scrape-timeout-seconds": "0.05" };
      const { status, body } = await get(await connect(), { headers });
      assert.equal(status, 503);
      assert.match(`${body}`, /^The metrics could not be gathered in time\./);
      await journal.line(/^aborted$/);
    },
  },

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `cuts off a body that fails: ${encoding}`,
      source: "failing",
      log: [FAILURE_LINE],
      async run({ connect }) {
        const response = await get(await connect(), { headers: { "accept-encoding": encoding } });
        assertCutOff(response, encoding);
        assert.equal((await get(await connect(), { method: "HEAD" })).status, 200);
      },
    }),
  ),

  {
    name: "stops gathering when the client disconnects",
    source: "blocking",
    async run({ connect, journal }) {
      const exchange = await (await connect()).send();
      await journal.line(/^gathering$/);
      exchange.leave();
      await journal.line(/^aborted$/);
      await assertAborted(await connect());
    },
  },

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `stops reading when the client disconnects: ${encoding}`,
      source: "endless",
      async run({ connect, journal }) {
        const client = await connect();
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(100_000);
        exchange.leave();
        await journal.line(/^stopped \d+$/);
        assert.equal((await exchange.response()).isComplete, false);
        await assertAborted(await connect());
      },
    }),
  ),

  ...ENCODINGS.map(
    (encoding): Check => ({
      name: `reads no faster than the client: ${encoding}`,
      source: "endless",
      async run({ connect, journal }) {
        const client = await connect();
        const exchange = await client.send({ headers: { "accept-encoding": encoding } });
        await exchange.received(100_000);
        exchange.pause();
        const other = await connect();
        for (let idle = 0, last = 0; idle < 50; ) {
          // As long as it reads, it does so between the requests of others.
          assert.equal((await get(other, { method: "HEAD" })).status, 200);
          await turns(4);
          const read = lastNumber(journal, "read");
          assert.ok(read < MORE_THAN_BUFFERS, `${read} metrics were read`);
          idle = read === last ? idle + 1 : 0;
          last = read;
        }
        const stalledAt = lastNumber(journal, "read");
        exchange.resume();
        await turnsUntil("the reading to go on", () => lastNumber(journal, "read") > stalledAt);
        exchange.leave();
        await journal.line(/^stopped \d+$/);
        assert.equal((await get(other, { method: "HEAD" })).status, 200);
      },
    }),
  ),

  {
    name: "cuts off a client that reads too slowly for the deadline",
    source: "endless",
    options: { timeoutMs: 300 },
    log: [TIMEOUT_LINE],
    async run({ connect, journal }) {
      const exchange = await (await connect()).send();
      exchange.pause();
      await journal.line(TIMEOUT_LINE);
      exchange.resume();
      assertCutOff(await exchange.response(), "identity");
      await journal.line(/^stopped \d+$/);
    },
  },
];

/** Checks of the contract, by their names. */
export function checksNamed(pattern: RegExp): readonly Check[] {
  return CONTRACT.filter(({ name }) => pattern.test(name));
}

const largeBody = render(SOURCES.large(() => {})).then(({ body }) => Buffer.from(body));

function assertCutOff(response: ClientResponse, encoding: (typeof ENCODINGS)[number]): void {
  const { status, headers, body, isComplete } = response;
  assert.equal(status, 200);
  assert.equal(headers["content-encoding"], encoding === "gzip" ? "gzip" : undefined);
  assert.equal(isComplete, false);
  // Not `assert.doesNotMatch()`, which would show the whole body.
  assert.ok(!/the password|Error: |HTTP\/1\.1 /.test(body.toString("latin1")), "it tells why");
  if (encoding === "gzip") assert.throws(() => gunzipSync(body));
}

/** Waits until one scrape counts as aborted; then only the scrape that says so is in flight. */
async function assertAborted(client: Client): Promise<void> {
  const query =
    "?name[]=promhttp_scrape_events_total&name[]=promhttp_metric_handler_requests_in_flight";
  let text = "";
  const scrape = async () => {
    do text = `${(await get(client, { query })).body}`;
    while (!text.includes('{event="aborted"} 1\n'));
  };
  await within("the scrape to count as aborted", scrape());
  assert.match(text, /_requests_in_flight 1\n/);
}
