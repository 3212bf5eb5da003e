import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isZstdAvailable } from "../../src/exposition/compression/zstd.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { Server } from "../../src/server/server.ts";
import { decompress } from "../exposition/compression/helpers.ts";
import { SCRAPERS } from "../exposition/scrapers.ts";
import { EVERY_TYPE } from "../helpers/families.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { parseExposition } from "../judge/index.ts";

const UTF8_FAMILY: MetricFamily = {
  name: "http.größe",
  help: "A name of OpenTelemetry.",
  type: "gauge",
  metrics: [{ labels: { "http.route": "/ä" }, value: 1 }],
};

/** What that family is called in each escaping scheme. */
const ESCAPED_NAMES = {
  "allow-utf-8": "http.größe",
  underscores: "http_gr__e",
  dots: "http_dot_gr____e",
  values: "U__http_2e_gr_f6__df_e",
} as const;

let server: Server;
let smallServer: Server;

before(async () => {
  const families = [...EVERY_TYPE, UTF8_FAMILY];
  server = await Server.listen({ gather: () => ({ families }) }, "127.0.0.1:0", { logger: false });
  const options = { logger: false, selfMetrics: false } as const;
  const small = { gather: () => ({ families: [UTF8_FAMILY] }) };
  smallServer = await Server.listen(small, "127.0.0.1:0", options);
});

after(() => Promise.all([server.close(), smallServer.close()]));

for (const { name, accept, contentType, escaping } of SCRAPERS) {
  const headers = accept === undefined ? {} : { accept };

  test(`a GET by ${name} gets what it can read`, async () => {
    const { status, headers: answered, body } = await httpGet(server.url, headers);
    assert.equal(status, 200);
    assert.equal(answered["content-type"], contentType);
    assert.equal(answered.vary, "Accept, Accept-Encoding");
    assert.equal(answered["cache-control"], "no-store");
    assert.equal(answered["content-encoding"], undefined);
    const names = servedNames(contentType, body);
    assert.equal(names.length, EVERY_TYPE.length + 1);
    assert.equal(names.at(-1), ESCAPED_NAMES[escaping]);
  });

  test(`a HEAD by ${name} gets the headers of a GET`, async () => {
    const { status, headers: answered, body } = await httpGet(server.url, headers, "HEAD");
    assert.equal(status, 200);
    assert.equal(answered["content-type"], contentType);
    assert.equal(answered.vary, "Accept, Accept-Encoding");
    assert.equal(answered["cache-control"], "no-store");
    assert.equal(body.length, 0);
  });
}

/** The names of the families in a body, those aside that the server says of itself. */
function servedNames(contentType: string, body: Buffer): string[] {
  const names = parseExposition(contentType, body).map(({ name }) => name);
  return names.filter((name) => !name.startsWith("promhttp_"));
}

/** Where Node lacks zstd, who would get it gets the next best. */
function zstdOr(other: "gzip" | undefined): "gzip" | "zstd" | undefined {
  return isZstdAvailable() ? "zstd" : other;
}

const CONTENT_ENCODINGS: readonly {
  readonly name: string;
  readonly header: string | undefined;
  readonly expected: "gzip" | "zstd" | undefined;
}[] = [
  { name: "no header", header: undefined, expected: undefined },
  { name: "an empty header", header: "", expected: undefined },
  { name: "Prometheus", header: "gzip", expected: "gzip" },
  { name: "Prometheus without compression", header: "identity", expected: undefined },
  { name: "capitals", header: "GZip", expected: "gzip" },
  { name: "an old name", header: "x-gzip", expected: "gzip" },
  { name: "Python's requests", header: "gzip, deflate", expected: "gzip" },
  { name: "a browser", header: "gzip, deflate, br, zstd", expected: "gzip" },
  { name: "zstd alone", header: "zstd", expected: zstdOr(undefined) },
  { name: "zstd first", header: "gzip;q=0.5, zstd", expected: zstdOr("gzip") },
  { name: "gzip first", header: "gzip, zstd;q=0.5", expected: "gzip" },
  { name: "identity first", header: "gzip;q=0.5, identity", expected: undefined },
  { name: "anything", header: "*", expected: "gzip" },
  { name: "anything but gzip", header: "*, gzip;q=0", expected: zstdOr(undefined) },
  { name: "anything, a little", header: "*;q=0.001", expected: "gzip" },
  { name: "no gzip", header: "gzip;q=0", expected: undefined },
  { name: "nothing at all", header: "*;q=0", expected: undefined },
  { name: "no identity", header: "identity;q=0", expected: undefined },
  { name: "no identity but gzip", header: "identity;q=0, gzip", expected: "gzip" },
  { name: "unknown codings", header: "br, compress, deflate, exi", expected: undefined },
  { name: "a broken weight", header: "gzip;q=lots", expected: "gzip" },
  { name: "a negative weight", header: "gzip;q=-1, identity;q=0.5", expected: undefined },
  { name: "punctuation", header: ",;=,;;q=,\"'", expected: undefined },
  { name: "an absurd length", header: "gzip,".repeat(500), expected: undefined },
];

for (const { name, header, expected } of CONTENT_ENCODINGS) {
  const headers = header === undefined ? {} : { "accept-encoding": header };

  test(`an Accept-Encoding of ${name} gets ${expected ?? "plain bytes"}`, async () => {
    const { status, headers: answered, body } = await httpGet(server.url, headers);
    assert.equal(status, 200);
    assert.equal(answered["content-encoding"], expected);
    assert.equal(answered.vary, "Accept, Accept-Encoding");
    // A body that fits one chunk has a length, whether it is compressed or not.
    assert.equal(answered["content-length"], `${body.length}`);
    const plain = expected === undefined ? body : decompress(body, expected);
    const names = servedNames(String(answered["content-type"]), plain);
    assert.equal(names.length, EVERY_TYPE.length + 1);
  });

  test(`a small body is plain for an Accept-Encoding of ${name}`, async () => {
    const { headers: answered, body } = await httpGet(smallServer.url, headers);
    assert.equal(answered["content-encoding"], undefined);
    assert.equal(answered.vary, "Accept, Accept-Encoding");
    assert.match(body.toString(), /^# HELP http_gr__e /);
  });
}

test("a server that offers less gives the next best", async () => {
  const options = { logger: false, formats: ["text-0.0.4"], compression: false } as const;
  const textServer = await Server.listen(
    { gather: () => ({ families: EVERY_TYPE }) },
    "127.0.0.1:0",
    options,
  );
  try {
    for (const { accept = "*/*" } of SCRAPERS) {
      const headers = { accept, "accept-encoding": "gzip" };
      const answer = await httpGet(textServer.url, headers);
      const type = String(answer.headers["content-type"]);
      assert.match(type, /^text\/plain; version=0\.0\.4; charset=utf-8(; escaping=[\w-]+)?$/);
      assert.equal(answer.headers["content-encoding"], undefined);
      parseExposition(type, answer.body);
    }
  } finally {
    await textServer.close();
  }
});
