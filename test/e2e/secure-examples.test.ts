// The examples of proxies in front, of certificates and of systemd's sockets, run as they are except for
// addresses and paths.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
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
import { watch } from "../helpers/processes/fork-fixture.ts";
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
        .replace("user www-data", "user root")
        .replace("10.0.0.0/8", "127.0.0.2")
        .replace("/run/my-exporter/metrics.sock", socket);
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${join(own, name)};`,
      );
      return `daemon off; pid ${own}/pid; error_log stderr notice;
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

test("the script makes certificates that both sides accept", () =>
  withTempDir(async (folder) => {
    execFileSync("sh", [pathOf("../../examples/secure/make-certificates.sh")], {
      cwd: folder,
      stdio: "ignore",
    });
    const read = (name: string) => readFileSync(join(folder, name));
    const { ca, ...own } = { ca: read("ca.crt"), cert: read("tls.crt"), key: read("tls.key") };
    await using server = await Server.listen(countingGatherer(), "127.0.0.1:0", {
      tls: { ...own, clientCa: ca, clientAllowedSans: ["prometheus.example"] },
    });
    const options = { port: new URL(server.url).port, ca };
    const scraper = { cert: read("prometheus.crt"), key: read("prometheus.key") };
    assert.equal((await httpsGet({ ...options, ...scraper })).status, 200);
    for (const other of [own, {}]) await assert.rejects(httpsGet({ ...options, ...other }));
  }));

test("the program takes the socket of the systemd unit, and the certificate of its file", () =>
  withTempDir(async (folder) => {
    const [, command = ""] =
      /^ExecStart=(.*)$/m.exec(readExample("secure/my-exporter.service")) ?? [];
    const [, stream] = /^ListenStream=(\d+)$/m.exec(readExample("secure/my-exporter.socket")) ?? [];
    assert.equal(stream, "9464");
    await writeFile(join(folder, "tls.crt"), cert);
    await writeFile(join(folder, "tls.key"), key, { mode: 0o600 });
    const config = join(folder, "web-config.yml");
    await writeFile(config, readExample("secure/web-config.yml"));
    const args = command
      .replace("/usr/bin/node", process.execPath)
      .replace("node_modules/promhttp/dist/cli.js", pathOf("../../dist/cli.js"))
      .replace("/etc/my-exporter/web-config.yml", config)
      .replace("./my-exporter.mjs", pathOf("../../examples/exporter.mjs"));
    const port = await freePort();
    const activate = ["-l", `127.0.0.1:${port}`, ...args.split(" ")];
    const program = watch(spawn("systemd-socket-activate", activate, { stdio: "pipe" }));
    try {
      await poll("the socket", () => isOpen(port));
      const basic = `Basic ${Buffer.from("prometheus:a password").toString("base64")}`;
      assert.equal((await ask(port, "127.0.0.1")).status, 401);
      const { status, body } = await ask(port, "127.0.0.1", { authorization: basic });
      assert.equal(status, 200);
      assert.match(body, /^host_load1 /m);
    } finally {
      program.signal("SIGTERM");
    }
    assert.equal((await program.exit()).code, 0);
  }));
