import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Fixture, watch } from "../helpers/fork-fixture.ts";
import { httpGet } from "../helpers/http-get.ts";
import { RawConnection } from "../helpers/raw-connection.ts";
import { rawRequest, request } from "../helpers/raw-request.ts";

const RUNTIMES = fileURLToPath(new URL("node_modules/", import.meta.url));
const EXPORTER = fileURLToPath(new URL("../fixtures/fetch-exporter.mjs", import.meta.url));

const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Bun: [`${RUNTIMES}@oven/bun-linux-x64/bin/bun`],
  Deno: [
    `${RUNTIMES}@deno/linux-x64-glibc/deno`,
    ...["run", "--no-prompt", "--allow-net", "--allow-read", "--allow-env", "--allow-sys"],
  ],
};

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

for (const [name, [program, ...flags]] of Object.entries(COMMANDS)) {
  // Ready when the first test asks for it: a runtime that is not there fails a test, not the file.
  let started: { readonly exporter: Fixture; readonly port: Promise<number> } | undefined;
  const start = () => {
    if (started !== undefined) return started;
    const exporter = watch(spawn(program, [...flags, EXPORTER], { stdio: "pipe" }));
    started = { exporter, port: exporter.line("listening ").then(Number) };
    return started;
  };
  const connect = async (scrape: string): Promise<RawConnection> => {
    const connection = await new RawConnection(await start().port).opened();
    await connection.send(scrape);
    return connection;
  };

  after(async () => {
    started?.exporter.signal("SIGTERM");
    await started?.exporter.exit();
  });

  test(`${name} serves the format that a scraper asks for`, async () => {
    const url = `http://127.0.0.1:${await start().port}/metrics?name[]=jobs_total`;
    for (const type of [TEXT, OPENMETRICS, PROTOBUF]) {
      const { status, headers, body } = await httpGet(url, { accept: type });
      assert.equal(status, 200);
      assert.equal(headers["content-type"], type);
      assert.equal(headers["content-length"], String(body.length));
      if (type === TEXT) assert.match(`${body}`, /^# HELP jobs_total .*\njobs_total 1\n$/s);
    }
  });

  test(`${name} streams a large body whole, with gzip, too`, async () => {
    const port = await start().port;
    for (const encoding of ["identity", "gzip"]) {
      const headers = { "accept-encoding": encoding };
      const answer = await httpGet(`http://127.0.0.1:${port}/metrics`, headers);
      assert.equal(answer.headers["content-length"], undefined);
      const body = encoding === "gzip" ? gunzipSync(answer.body) : answer.body;
      assert.equal(
        `${body}`.match(/^latency_seconds_bucket\{le="\+Inf",id="\d+"\} 1$/gm)?.length,
        5_000,
      );
      assert.match(`${body}`, /^promhttp_metric_handler_requests_in_flight 1$/m);
    }
  });

  test(`${name} answers HEAD, and refuses other methods`, async () => {
    const port = await start().port;
    const head = await rawRequest(port, request("/waiting", { method: "HEAD" }));
    assert.equal(head.status, 200);
    assert.equal(head.headers["content-type"], TEXT);
    const headers = ["Content-Length: 0"];
    const post = await rawRequest(port, request("/metrics", { method: "POST", headers }));
    assert.equal(post.status, 405);
    assert.equal(post.headers["allow"], "GET, HEAD, OPTIONS");
  });

  for (const encoding of ["identity", "gzip"]) {
    test(`${name} cuts off a body that fails after its first byte: ${encoding}`, async () => {
      const headers = [`Accept-Encoding: ${encoding}`];
      const connection = await connect(request("/failing", { headers }));
      const text = await connection.closed();
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(text, /\r\n0\r\n\r\n$|password/);
      await start().exporter.line("error promhttp: The scrape failed: Error: the password");
    });
  }

  test(`${name} stops gathering when the client leaves`, async () => {
    const connection = await connect(request("/waiting"));
    await start().exporter.line("gathering");
    connection.socket.destroy();
    await start().exporter.line("aborted");
  });

  test(`${name} reads no faster than the client, and stops when it leaves`, async () => {
    const connection = await connect(request("/endless"));
    await connection.until("some of the body", () => connection.received.length > 100_000);
    connection.socket.pause();
    // Time enough to read on for somebody else who does not pause.
    for (let scrape = 0; scrape < 10; scrape++) {
      await httpGet(`http://127.0.0.1:${await start().port}/metrics`);
    }
    connection.socket.destroy();
    // Of as many as there may be; the buffers of the kernel take some thousand.
    const read = Number(await start().exporter.line("endless read "));
    assert.ok(read < 50_000, `${read} metrics were read`);
  });
}
