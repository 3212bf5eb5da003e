import assert from "node:assert/strict";
import { get } from "../clients/client.ts";
import { countingText } from "../sources.ts";
import type { Check } from "./check.ts";

const FORMATS = {
  "text/plain;version=0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  "application/openmetrics-text;version=1.0.0":
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited":
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

const METHODS = "GET, HEAD, OPTIONS";

/** The check of a header that no group sends. */
export const DATES_THE_PROCESS = "says in every format when the process began, and for HEAD";

/** What is answered to which request. */
export const ANSWERS: readonly Check[] = [
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
    name: DATES_THE_PROCESS,
    source: "counting",
    async run({ connect }) {
      const client = await connect();
      for (const accept of Object.keys(FORMATS)) {
        for (const method of ["GET", "HEAD"]) {
          const { headers } = await get(client, { method, headers: { accept } });
          const seconds = headers["process-start-time-unix"] ?? "";
          assert.match(seconds, /^\d+$/);
          const ageSeconds = Date.now() / 1_000 - Number(seconds);
          assert.ok(ageSeconds > 0 && ageSeconds < 86_400, seconds);
        }
      }
      const { headers } = await get(client, { query: "?name[]=%" });
      assert.equal(headers["process-start-time-unix"], undefined);
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
    name: "rejects other methods, and answers OPTIONS, without gathering",
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
    name: "rejects an invalid host without gathering",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      for (const host of ["a b", "u@h", "h:abc", "a/b", "[::1"]) {
        assert.equal((await get(await connect(), { headers: { host } })).status, 400);
      }
      const { body } = await get(await connect(), { headers: { host: "my_app:9464" } });
      assert.equal(`${body}`, countingText(1));
    },
  },

  {
    name: "serves a request in chunks that has no content",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      const request = { headers: { "transfer-encoding": "chunked" }, body: "0\r\n\r\n" };
      const client = await connect();
      for (const gatherings of [1, 2]) {
        assert.equal(`${(await get(client, request)).body}`, countingText(gatherings));
      }
    },
  },

  {
    name: "rejects an unknown transfer coding without gathering",
    source: "counting",
    options: { selfMetrics: false },
    async run({ connect }) {
      const request = { headers: { "transfer-encoding": "gzip, chunked" }, body: "0\r\n\r\n" };
      assert.equal((await get(await connect(), request)).status, 501);
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
];
