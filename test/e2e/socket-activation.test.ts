// systemd opens the sockets, and starts the program when somebody connects: `systemd-socket-activate` does that
// without a systemd that runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createAuthority } from "../helpers/certificates.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpsGet } from "../helpers/http/https-get.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { type Fixture, watch } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const INDEX = new URL("../../dist/index.js", import.meta.url).href;

const EXPORTER = "export const registry = { gather: () => ({ families: [] }) };";

/** Serves its metrics and its health on sockets of different names. */
const SERVER = `import { Server } from "${INDEX}";
import { registry } from "./exporter.mjs";
const options = { healthAddress: { systemd: "health" } };
const server = await Server.listen(registry, { systemd: true }, options);
process.once("SIGTERM", () => server.close());`;

interface Activation {
  /** Where systemd listens: addresses as in `ListenStream=`. */
  readonly listen: readonly string[];
  readonly flags?: readonly string[];
  /** What it starts. */
  readonly command: readonly string[];
}

/** Opens sockets as systemd does, and runs a test with what the first connection starts. */
async function withActivation(
  folder: string,
  { listen, flags = [], command }: Activation,
  run: (child: Fixture) => Promise<void>,
): Promise<void> {
  await writeFile(join(folder, "exporter.mjs"), EXPORTER);
  await writeFile(join(folder, "server.mjs"), SERVER);
  const addresses = listen.flatMap((address) => ["-l", address]);
  const child = spawn("systemd-socket-activate", [...addresses, ...flags, ...command], {
    cwd: folder,
    stdio: "pipe",
  });
  const watched = watch(child);
  try {
    await watched.errorLine(/^Listening on /);
    await run(watched);
  } finally {
    watched.signal("SIGTERM");
    await watched.exit();
  }
}

const SCRAPE = request("/metrics", { headers: ["Connection: close"] });

test("the program serves on a port and a unix socket of systemd", () =>
  withTempDir(async (folder) => {
    const port = await freePort();
    const path = join(folder, "metrics.sock");
    const command = [process.execPath, PROGRAM, "--web.systemd-socket", "./exporter.mjs"];
    const listen = [`127.0.0.1:${port}`, path];
    await withActivation(folder, { listen, command }, async (child) => {
      // It waits in the queue of the socket until the program accepts it.
      assert.equal((await rawRequest(port, SCRAPE)).status, 200);
      await child.errorLine(/msg="Listening on" address=127\.0\.0\.1:\d+/);
      const response = await rawRequest({ path }, SCRAPE);
      assert.equal(response.status, 200);
      assert.match(response.body, /^promhttp_connections_open 1$/m);
    });
  }));

test("the program speaks TLS on a port and a unix socket of systemd", () =>
  withTempDir(async (folder) => {
    const port = await freePort();
    const socketPath = join(folder, "metrics.sock");
    const authority = createAuthority();
    const { cert, key } = authority.issue({ sans: ["DNS:localhost"], usage: ["server"] });
    await writeFile(join(folder, "tls.pem"), `${cert}${key}`, { mode: 0o600 });
    const config = "tls_server_config: { cert_file: tls.pem, key_file: tls.pem }";
    await writeFile(join(folder, "web.yml"), config);
    const flags = ["--web.systemd-socket", "--web.config.file=web.yml"];
    const command = [process.execPath, PROGRAM, ...flags, "./exporter.mjs"];
    const listen = [`127.0.0.1:${port}`, socketPath];
    await withActivation(folder, { listen, command }, async () => {
      const client = { ca: authority.cert, servername: "localhost" };
      assert.equal((await httpsGet({ ...client, port })).status, 200);
      assert.equal((await httpsGet({ ...client, socketPath })).status, 200);
    });
  }));

test("a server takes sockets of systemd by their names", () =>
  withTempDir(async (folder) => {
    const ports = [await freePort(), await freePort()] as const;
    const listen = ports.map((port) => `127.0.0.1:${port}`);
    const flags = ["--fdname=metrics:health"];
    const command = [process.execPath, "server.mjs"];
    await withActivation(folder, { listen, flags, command }, async () => {
      assert.equal((await rawRequest(ports[0], SCRAPE)).status, 200);
      assert.equal((await rawRequest(ports[1], SCRAPE)).status, 404);
      assert.equal((await rawRequest(ports[1], request("/-/ready"))).status, 200);
    });
  }));

/** Makes systemd start what waits for this port. */
async function wake(port: number, isDatagram: boolean): Promise<void> {
  if (isDatagram) {
    const socket = createSocket("udp4");
    await new Promise((resolve) => socket.send("wake", port, "127.0.0.1", resolve));
    socket.close();
    return;
  }
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  socket.destroy();
}

const REFUSED: readonly [name: string, activation: Omit<Activation, "listen">, line: RegExp][] = [
  [
    "behind a shell, which has another process id",
    {
      command: [
        "sh",
        "-c",
        `${process.execPath} ${PROGRAM} --web.systemd-socket exporter.mjs; exit $?`,
      ],
    },
    /LISTEN_PID is .*, and this is process \d+: start node itself/,
  ],
  [
    "on datagram sockets",
    {
      flags: ["--datagram"],
      command: [process.execPath, PROGRAM, "--web.systemd-socket", "./exporter.mjs"],
    },
    /file descriptor 3 cannot accept connections/,
  ],
];

for (const [name, activation, line] of REFUSED) {
  test(`the program does not start ${name}`, () =>
    withTempDir(async (folder) => {
      const port = await freePort();
      const listen = [`127.0.0.1:${port}`];
      await withActivation(folder, { ...activation, listen }, async (child) => {
        await wake(port, activation.flags?.includes("--datagram") ?? false);
        await child.errorLine(line);
        assert.equal((await child.exit()).code, 1);
      });
    }));
}
