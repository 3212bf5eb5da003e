import assert from "node:assert/strict";
import type { NetConnectOpts } from "node:net";
import { type Address, Server, type ServerOptions, type Sources } from "../../../src/index.ts";
import { captureProcessErrors } from "../capture-process-errors.ts";
import { countingGatherer } from "../gatherers.ts";
import { createRecorder } from "../scraping/recorder.ts";
import { turns } from "../turns.ts";
import { within } from "../within.ts";
import { RawConnection } from "./raw-connection.ts";

/** The options of the server, and what it serves where. */
export interface TestServerOptions extends ServerOptions {
  /** @default countingGatherer() */
  readonly source?: Sources;
  /** @default "127.0.0.1:0" */
  readonly address?: Address;
}

/** A server for one test. */
export interface TestServer {
  readonly server: Server;
  /** The port, or 0 for a unix socket. */
  readonly port: number;
  /** What was logged, each line with its level in front. */
  readonly log: readonly string[];
  /** Opens a connection that is closed after the test. */
  connect(): Promise<RawConnection>;
}

/**
 * Runs a test with a server of its own. It closes the server afterwards, and fails when that leaves
 * a socket behind, or when an error reached the process.
 */
export async function withServer(
  options: TestServerOptions,
  test: (server: TestServer) => Promise<void>,
): Promise<void> {
  const { source = countingGatherer(), address = "127.0.0.1:0", ...serverOptions } = options;
  const errors = captureProcessErrors();
  const before = openSockets();
  const recorder = createRecorder();
  const server = await Server.listen(source, address, { logger: recorder, ...serverOptions });
  const connections: RawConnection[] = [];
  try {
    await test({
      server,
      port: typeof server.address === "string" ? 0 : server.address.port,
      log: recorder.lines,
      connect() {
        const connection = new RawConnection(targetOf(server));
        connections.push(connection);
        return connection.opened();
      },
    });
    await within("close()", server.close());
    for (const connection of connections) {
      connection.socket.resume();
      await connection.closed();
    }
  } finally {
    for (const { socket } of connections) socket.destroy();
    await within("close()", server.close());
  }
  for (let turn = 0; turn < 100 && openSockets() > before; turn++) await turns(1);
  assert.ok(openSockets() <= before, "sockets are left open");
  await errors.assertNone();
}

/** Where a client of this server connects to. */
export function targetOf({ address }: Server): NetConnectOpts {
  if (typeof address === "string") return { path: address };
  return { port: address.port, host: address.family === "IPv6" ? "::1" : "127.0.0.1" };
}

/** Counts the sockets of this process, of servers and clients. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe)/.test(name)).length;
}
