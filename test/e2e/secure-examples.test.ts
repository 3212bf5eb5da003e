// The examples of proxies in front, run as they are except for addresses and paths.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "../../src/index.ts";
import { createAuthority } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpsGet } from "../helpers/http/https-get.ts";
import { poll } from "../helpers/poll.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { withProxy } from "./with-proxy.ts";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const readExample = (name: string) => readFileSync(pathOf(`../../examples/${name}`), "utf8");

const AUTHORITY = createAuthority();
const { cert, key } = AUTHORITY.issue({ sans: ["IP:127.0.0.1"], usage: ["server"] });

/** Asks a proxy, from an address of the loopback. */
const ask = (port: number, localAddress: string, headers: Record<string, string> = {}) =>
  httpsGet({ port, ca: AUTHORITY.cert, localAddress, headers });

test("nginx passes on who is allowed, over a unix socket that only its group may use", () =>
  withTempDir(async (folder) => {
    const socket = join(folder, "metrics.sock");
    await using _server = await Server.listen(countingGatherer(), `unix:${socket}`, {
      socketGroup: process.getgid?.() ?? 0,
    });
    const port = await freePort();
    const configure = async (own: string) => {
      await writeFile(join(own, "tls.crt"), cert);
      await writeFile(join(own, "tls.key"), key);
      const replaced = readExample("secure/nginx.conf")
        .replace("listen 9465 ssl", `listen 127.0.0.1:${port} ssl`)
        .replace("10.0.0.0/8", "127.0.0.2")
        .replace("/run/my-exporter/metrics.sock", socket);
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${join(own, name)};`,
      );
      return `daemon off; pid ${own}/pid; error_log stderr notice; user root;
${replaced.replace("http {", `http {\n${paths.join(" ")} access_log off;`)}`;
    };
    await withProxy(
      "nginx",
      (file) => ["-c", file],
      configure,
      async (line) => {
        await line(/start worker process \d+/);
        assert.equal((await ask(port, "127.0.0.2")).status, 200);
        assert.equal((await ask(port, "127.0.0.1")).status, 403);
      },
    );
  }));

test("behind HAProxy the address counts that it has seen, and no other", async () => {
  const back = await freePort();
  const port = await freePort();
  await using _server = await Server.listen(countingGatherer(), `127.0.0.1:${back}`, {
    logger: false,
    allowedNetworks: ["127.0.0.2/32", "127.0.0.1"],
    trustedProxies: ["127.0.0.1"],
  });
  const configure = async (own: string) => {
    await writeFile(join(own, "tls.pem"), cert + key);
    return `global
  log stdout format raw local0
${readExample("secure/haproxy.cfg")
  .replace("defaults\n", "defaults\n  log global\n")
  .replace(":9465", `127.0.0.1:${port}`)
  .replace("tls.pem", join(own, "tls.pem"))
  .replace("127.0.0.1:9464", `127.0.0.1:${back}`)}`;
  };
  await withProxy(
    "haproxy",
    (file) => ["-db", "-f", file],
    configure,
    async () => {
      await poll("HAProxy", () => isOpen(port));
      assert.equal((await ask(port, "127.0.0.2")).status, 200);
      assert.equal((await ask(port, "127.0.0.3")).status, 403);
      const forged = { "x-forwarded-for": "127.0.0.2" };
      assert.equal((await ask(port, "127.0.0.3", forged)).status, 403);
    },
  );
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
