// What proxies and load balancers send: other forms of a target, and requests in chunks of which there
// are none.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { UP_TEXT } from "../helpers/families.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { nginxConfiguration, withProxy } from "./with-proxy.ts";

const exec = promisify(execFile);

const HAPROXY_CHECKS: Readonly<Record<string, readonly [lines: string, code: number]>> = {
  "OPTIONS *": ["option httpchk OPTIONS * HTTP/1.1", 204],
  "OPTIONS * with a host": [
    "option httpchk\n  http-check send meth OPTIONS uri * ver HTTP/1.1 hdr Host app",
    204,
  ],
  "OPTIONS /": ["option httpchk", 204],
  "GET /-/healthy": ["option httpchk GET /-/healthy", 200],
};

for (const [name, [check, code]] of Object.entries(HAPROXY_CHECKS)) {
  test(`HAProxy finds the server up by ${name}, and scrapes pass`, () =>
    withServer({ selfMetrics: false }, async ({ port, log }) => {
      const front = await freePort();
      const configuration = () => `
global
  log stdout format raw local0
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${front}
  default_backend b
backend b
  option log-health-checks
  ${check}
  server s 127.0.0.1:${port} check inter 100ms fall 1 rise 1
`;
      await withProxy(
        "haproxy",
        (file) => ["-db", "-f", file],
        configuration,
        async (line) => {
          await line(new RegExp(`Health check for server b/s \\w+.*code: ${code}`));
          const { status, body } = await httpGet(`http://127.0.0.1:${front}/metrics`);
          assert.equal(status, 200);
          assert.equal(`${body}`, UP_TEXT);
        },
      );
      assert.deepEqual(log, []);
    }));
}

test("nginx passes an empty request in chunks on, and its scrape is answered", () =>
  withServer({ selfMetrics: false }, async ({ port, log }) => {
    const front = await freePort();
    const configuration = (folder: string) =>
      nginxConfiguration(
        folder,
        front,
        `
      proxy_pass http://127.0.0.1:${port};
      proxy_http_version 1.1;
      proxy_request_buffering off;`,
      );
    await withProxy(
      "nginx",
      (file) => ["-c", file],
      configuration,
      async (line) => {
        await line(/start worker process \d+/);
        const chunked = request("/metrics", { headers: ["Transfer-Encoding: chunked"] });
        for (const bytes of [request("/metrics"), `${chunked}0\r\n\r\n`]) {
          const { status, body } = await rawRequest(front, bytes);
          assert.equal(status, 200);
          assert.equal(body, UP_TEXT);
        }
        assert.equal((await rawRequest(front, `${chunked}1\r\nx\r\n0\r\n\r\n`)).status, 413);
      },
    );
    assert.deepEqual(log, []);
  }));

test("curl scrapes with the server as its proxy, whatever host it asks for", () =>
  withServer({ selfMetrics: false, allowedHosts: ["a"] }, async ({ port }) => {
    const curl = async (url: string) => {
      const flags = ["-s", "-w", "%{http_code}", "-x", `http://127.0.0.1:${port}`];
      return (await exec("curl", [...flags, url])).stdout;
    };
    assert.equal(await curl("http://a/metrics"), `${UP_TEXT}200`);
    assert.equal(
      await curl("http://a:8080/metrics?name[]=up".replace("[]", "%5B%5D")),
      `${UP_TEXT}200`,
    );
    assert.match(await curl("http://b/metrics"), /403$/);
  }));

test("curl scrapes with an empty body in chunks", () =>
  withServer({ source: countingGatherer(), selfMetrics: false }, async ({ server }) => {
    const flags = ["-s", "-X", "GET", "-H", "Transfer-Encoding: chunked", "-d", ""];
    assert.equal((await exec("curl", [...flags, server.url])).stdout, UP_TEXT);
  }));
