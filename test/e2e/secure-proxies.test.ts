// nginx and HAProxy in front of a guarded server: over TLS, with a client certificate, on a unix socket of their
// group, and as proxies whose `X-Forwarded-For` is believed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority } from "../helpers/certificates.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { freePort } from "../helpers/http/free-port.ts";
import type { RawResponse } from "../helpers/http/parse-response.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { nginxConfiguration, withProxy } from "./with-proxy.ts";

/** What a proxy sends requests on to. */
interface Upstream {
  /** The port, or the path of a unix socket. */
  readonly target: number | string;
  /** Whether it speaks TLS. The files are in the folder: `ca.pem`, and `client.pem` with certificate and key. */
  readonly tls?: "with-certificate" | "without-certificate";
  readonly folder: string;
}

/** A proxy, and how it is set up. */
interface Proxy {
  readonly program: string;
  readonly flags: (file: string) => readonly string[];
  readonly configure: (folder: string, front: number, upstream: Upstream) => string;
  /** A line that it writes when it listens. */
  readonly ready: RegExp;
}

const NGINX: Proxy = {
  program: "nginx",
  flags: (file) => ["-c", file],
  ready: /start worker process \d+/,
  configure: (own, front, { target, tls, folder }) =>
    `user www-data;${nginxConfiguration(
      own,
      front,
      `
      proxy_pass ${tls ? "https" : "http"}://${typeof target === "string" ? `unix:${target}` : `127.0.0.1:${target}`};
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      ${tls ? `proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate ${folder}/ca.pem;` : ""}
      ${tls === "with-certificate" ? `proxy_ssl_certificate ${folder}/client.pem; proxy_ssl_certificate_key ${folder}/client.pem;` : ""}`,
    )}`,
};

const HAPROXY: Proxy = {
  program: "haproxy",
  flags: (file) => ["-W", "-db", "-f", file],
  ready: /Loading success/,
  configure: (_own, front, { target, tls, folder }) => `
global
  log stdout format raw local0
  user www-data
  group www-data
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${front}
  option forwardfor
  default_backend b
backend b
  retries 0
  server s ${typeof target === "string" ? target : `127.0.0.1:${target}`}${tls ? ` ssl verify required verifyhost localhost ca-file ${folder}/ca.pem` : ""}${tls === "with-certificate" ? ` crt ${folder}/client.pem` : ""}
`,
};

/** Runs a test with a proxy in front; `ask` sends it a request from an address of this host. */
async function withFront(
  { program, flags, configure, ready }: Proxy,
  upstream: Upstream,
  run: (ask: (from?: string, headers?: readonly string[]) => Promise<RawResponse>) => Promise<void>,
): Promise<void> {
  const front = await freePort();
  await withProxy(
    program,
    flags,
    (folder) => configure(folder, front, upstream),
    async (line) => {
      await line(ready);
      await run((localAddress = "127.0.0.1", headers = []) =>
        rawRequest(
          { port: front, host: "127.0.0.1", localAddress },
          request("/metrics", { headers: ["Connection: close", ...headers] }),
        ),
      );
    },
  );
}

const SERVER_CA = createAuthority({ name: "Server CA" });
const SERVER = SERVER_CA.issue({ sans: ["DNS:localhost"], usage: ["server"] });
const CLIENT_CA = createAuthority({ name: "Client CA" });
const CLIENT = CLIENT_CA.issue({ sans: ["DNS:proxy.example"], usage: ["client"] });

/** Lets in whoever has the certificate of the proxy. */
const MUTUAL_TLS = {
  cert: SERVER.cert,
  key: SERVER.key,
  clientCa: CLIENT_CA.cert,
  clientAllowedSans: ["proxy.example"],
};

/** The group that both proxies run as. */
const GROUP = Number(execFileSync("id", ["-g", "www-data"], { encoding: "utf8" }));

/** Runs a test in a folder that proxies can look into, which has the files that they need. */
function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    await chmod(folder, 0o755);
    await writeFile(join(folder, "ca.pem"), SERVER_CA.cert);
    await writeFile(join(folder, "client.pem"), `${CLIENT.cert}${CLIENT.key}`);
    await run(folder);
  });
}

for (const proxy of [NGINX, HAPROXY]) {
  test(`${proxy.program} scrapes over TLS with its certificate, and cannot without`, () =>
    withFolder((folder) =>
      withServer({ tls: MUTUAL_TLS, selfMetrics: false }, async ({ port }) => {
        await withFront(proxy, { target: port, tls: "with-certificate", folder }, async (ask) => {
          const { status, body } = await ask();
          assert.equal(status, 200);
          assert.equal(body, UP_TEXT);
        });
        await withFront(proxy, { target: port, tls: "without-certificate", folder }, async (ask) =>
          assert.match(`${(await ask()).status}`, /^50[23]$/),
        );
        await withFront(proxy, { target: port, folder }, async (ask) =>
          assert.equal((await ask()).status, 400),
        );
      }),
    ));

  test(`${proxy.program} scrapes over a unix socket of its group, and of no other`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "s");
      const upstream = { target: path, folder };
      const options = { address: { path }, selfMetrics: false };
      await withServer({ ...options, socketGroup: GROUP }, () =>
        withFront(proxy, upstream, async (ask) => assert.equal((await ask()).body, UP_TEXT)),
      );
      await withServer(options, () =>
        withFront(proxy, upstream, async (ask) =>
          assert.match(`${(await ask()).status}`, /^50[23]$/),
        ),
      );
    }));

  test(`${proxy.program} scrapes over TLS on a unix socket`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "s");
      const options = { address: { path }, socketGroup: GROUP, tls: MUTUAL_TLS };
      await withServer({ ...options, selfMetrics: false }, () =>
        withFront(proxy, { target: path, tls: "with-certificate", folder }, async (ask) =>
          assert.equal((await ask()).body, UP_TEXT),
        ),
      );
    }));

  test(`${proxy.program} tells the address of its client, which cannot write it itself`, () =>
    withFolder((folder) => {
      const options = { allowedNetworks: ["127.0.0.2"], trustedProxies: ["127.0.0.1"] };
      const forged = ["X-Forwarded-For: 127.0.0.2"];
      return withServer({ ...options, selfMetrics: false }, ({ port }) =>
        withFront(proxy, { target: port, folder }, async (ask) => {
          assert.equal((await ask("127.0.0.2")).body, UP_TEXT);
          assert.equal((await ask("127.0.0.3")).status, 403);
          assert.equal((await ask("127.0.0.3", forged)).status, 403);
          // Whoever is not a proxy is not believed.
          const direct = { port, host: "127.0.0.1", localAddress: "127.0.0.3" };
          const bytes = request("/metrics", { headers: forged });
          assert.equal((await rawRequest(direct, bytes)).status, 403);
        }),
      );
    }));
}
