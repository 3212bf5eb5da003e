import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { createLog } from "../../src/log.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import type { OpenHealth, TlsOptions } from "../../src/options/security.ts";
import type { Connections } from "../../src/server/connections.ts";
import { openPort } from "../../src/server/listen/port.ts";
import { RefusedConnections } from "../../src/server/tls/refused-connections.ts";
import { createTls, TlsLayer, tlsSettingsOf } from "../../src/server/tls.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { createAuthority, type Identity } from "../helpers/certificates.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

const CA = createAuthority();
const CLIENT_CA = createAuthority({ name: "Client CA" });
const NEW_CLIENT_CA = createAuthority({ name: "Client CA" });
const SERVER = CA.issue({ sans: ["DNS:localhost"] });
const CLIENT = CLIENT_CA.issue({ name: "client" });
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

interface TlsPort {
  readonly layer: TlsLayer;
  readonly log: readonly string[];
  /** Reloads. */
  use(tls: TlsOptions): void;
  /** The reasons for which connections were refused, and how often. */
  refused(): Record<string, number>;
  connectRaw(): Promise<RawConnection>;
  connect(client?: Partial<Identity>, options?: ConnectionOptions): RawConnection;
}

/** Runs a test with a port whose answers say who the layer takes the client for. */
async function withTlsPort(
  {
    openHealth = "without-credentials",
    headersTimeoutMs,
    ...tls
  }: TlsOptions & { openHealth?: OpenHealth; headersTimeoutMs?: number },
  run: (port: TlsPort) => Promise<void>,
): Promise<void> {
  const errors = captureProcessErrors();
  const recorder = createRecorder();
  const log = createLog(recorder);
  const options = resolveOptions({
    logger: recorder,
    ...(headersTimeoutMs && { headersTimeoutMs }),
  });
  const refused = new RefusedConnections(log);
  const layer = new TlsLayer({ refused, openHealth, headersTimeoutMs: options.headersTimeoutMs });
  const watched = new Set<Pick<Connections, "closeIdle">>();
  const use = (given: TlsOptions) => {
    layer.use(createTls(tlsSettingsOf(given), () => assert.fail("A file is read")));
    for (const connections of watched) connections.closeIdle((stream) => layer.isStale(stream));
  };
  use({ ...SERVER, ...tls });
  const port = await openPort({
    target: { kind: "tcp", host: "127.0.0.1", port: 0 },
    label: "",
    options,
    log,
    onRequest: ({ socket }, response) => {
      const { certificate, fault } = layer.certificateOf(socket) ?? assert.fail("It is not known");
      response.end(`${JSON.stringify({ subject: certificate?.subject, fault })}\n`);
    },
    onClosed: () => {},
    layer: {
      open: (raw, serve) => layer.open(raw, serve),
      limitReached: () => {},
      watch: (connections) => {
        watched.add(connections);
        return () => watched.delete(connections);
      },
    },
  });
  const target = { host: "127.0.0.1", port: (port.address as AddressInfo).port };
  const clients: RawConnection[] = [];
  const opened = (connection: RawConnection) => {
    clients.push(connection);
    return connection;
  };
  try {
    await run({
      layer,
      log: recorder.lines,
      use: (given) => use({ ...SERVER, ...given }),
      refused: () => {
        const metrics = refused.families.flatMap((family) => [...family.metrics]);
        const counts = metrics.map((metric) => [
          metric.labels["reason"],
          "value" in metric ? metric.value : 0,
        ]);
        return Object.fromEntries(counts.filter(([, count]) => count !== 0)) as Record<
          string,
          number
        >;
      },
      connectRaw: () => opened(new RawConnection(target)).opened(),
      connect: (client, given) =>
        opened(
          new RawConnection(
            connect({ ...target, servername: "localhost", ca: CA.cert, ...client, ...given }),
          ),
        ),
    });
  } finally {
    for (const { socket } of clients) socket.destroy();
    await within("the close", port.drain());
  }
  await errors.assertNone();
}

/** Sends a request; returns what the layer knows of the client, or how the connection ended. */
async function ask(connection: RawConnection): Promise<unknown> {
  void connection.send(request("/"));
  try {
    return JSON.parse((await connection.response()).body);
  } catch {
    return connection.errorCode ?? "closed";
  }
}

for (const version of VERSIONS) {
  const only: ConnectionOptions = { minVersion: version, maxVersion: version };

  test(`a client certificate is known to requests: ${version}`, () =>
    withTlsPort({ clientCa: CLIENT_CA.cert }, async ({ connect, refused, layer }) => {
      const connection = connect(CLIENT, only);
      for (let times = 0; times < 3; times++) {
        assert.deepEqual(await ask(connection), { subject: "CN=client" });
      }
      assert.deepEqual(refused(), {});
      assert.equal(layer.certificateOf(connection.socket), undefined);
    }));

  test(`a connection that may not ask any more is closed when idle: ${version}`, () =>
    withTlsPort({ clientCa: CLIENT_CA.cert }, async ({ connect, use, refused }) => {
      const idle = connect(CLIENT, only);
      await ask(idle);
      use({ clientCa: NEW_CLIENT_CA.cert });
      await idle.closed();
      assert.equal(typeof (await ask(connect(CLIENT, only))), "string");
      assert.deepEqual(refused(), { certificate_invalid: 1 });
      const client = NEW_CLIENT_CA.issue({ name: "new" });
      assert.deepEqual(await ask(connect(client, only)), { subject: "CN=new" });
    }));

  test(`a connection that is not closed then may not ask any more, either: ${version}`, () =>
    withTlsPort({ clientCa: CLIENT_CA.cert }, async ({ connect, layer }) => {
      const connection = connect(CLIENT, only);
      await ask(connection);
      const settings = tlsSettingsOf({ ...SERVER, clientCa: NEW_CLIENT_CA.cert });
      layer.use(createTls(settings, () => assert.fail("A file is read")));
      const fault = "its connection was opened before the rules for client certificates changed";
      assert.deepEqual(await ask(connection), { subject: "CN=client", fault });
    }));

  test(`a connection lives on when only the certificate of the server changes: ${version}`, () =>
    withTlsPort({ clientCa: CLIENT_CA.cert }, async ({ connect, use }) => {
      const connection = connect(CLIENT, only);
      await ask(connection);
      use({ ...CA.issue({ name: "renewed" }), clientCa: CLIENT_CA.cert });
      assert.deepEqual(await ask(connection), { subject: "CN=client" });
      const newer = connect(CLIENT, { ...only, checkServerIdentity: () => undefined });
      await ask(newer);
      const { subject } = (newer.socket as TLSSocket).getPeerCertificate();
      assert.equal(subject.CN, "renewed");
    }));

  test(`a ticket resumes a session, but not under another authority: ${version}`, () =>
    withTlsPort({ clientCa: CLIENT_CA.cert }, async ({ connect, use, refused }) => {
      const first = connect(CLIENT, only);
      const ticket = new Promise<Buffer>((resolve) => first.socket.once("session", resolve));
      await ask(first);
      const session = await within("a ticket", ticket);
      const second = connect({}, { ...only, session });
      assert.deepEqual(await ask(second), { subject: "CN=client" });
      assert.equal((second.socket as TLSSocket).isSessionReused(), true);

      use({ clientCa: NEW_CLIENT_CA.cert });
      assert.equal(typeof (await ask(connect(CLIENT, { ...only, session }))), "string");
      assert.deepEqual(refused(), { certificate_invalid: 1 });
    }));
}

test("a handshake that takes too long is counted once, silent or not", () =>
  withTlsPort({ headersTimeoutMs: 200 }, async ({ connectRaw, refused }) => {
    const silent = await connectRaw();
    const half = await connectRaw();
    await half.send(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    await silent.closed();
    await half.closed();
    await turnsUntil("the counts", () => refused()["tls_timeout"] === 2);
    assert.deepEqual(refused(), { tls_timeout: 2 });
  }));
