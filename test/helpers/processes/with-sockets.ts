import type { StdioOptions } from "node:child_process";
import type { Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import type { Server } from "node:net";
import { fileURLToPath } from "node:url";
import type { Address } from "../../../src/index.ts";
import { type Fixture, forkNode, TYPESCRIPT } from "./fork-fixture.ts";

const FIXTURE = fileURLToPath(new URL("../../fixtures/serve-systemd.ts", import.meta.url));

/** What systemd passes to a process. */
export interface Passed {
  /** What is at the file descriptors from 3 on. */
  readonly stdio?: Exclude<StdioOptions, string>;
  /** `LISTEN_PID`. @default "own", which is that of the process */
  readonly pid?: string | undefined;
  /** `LISTEN_FDS`. @default the number of sockets */
  readonly count?: string | undefined;
  /** `LISTEN_FDNAMES`. @default undefined */
  readonly names?: string | undefined;
}

/** Starts a process that serves at each of the addresses, with sockets as systemd passes them. */
export function forkWithSockets(addresses: readonly Address[], passed: Passed): Fixture {
  const {
    stdio = [],
    pid,
    count,
    names,
  } = { pid: "own", count: `${passed.stdio?.length}`, ...passed };
  const args = addresses.map((address) => JSON.stringify(address));
  return forkNode(["--import", TYPESCRIPT, FIXTURE, ...args], {
    env: { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names },
    stdio,
  });
}

/** The file descriptor of a socket or its server, which Node does not document. */
export function fdOf(holder: object): number {
  const { _handle: handle } = holder as { readonly _handle: { readonly fd: number } };
  return handle.fd;
}

/** The file descriptor of a datagram socket, which Node does not document either. */
export function datagramFdOf(socket: DatagramSocket): number {
  const state = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === "state symbol",
  );
  const states = socket as unknown as Record<symbol, { handle: { fd: number } }>;
  return states[state as symbol]?.handle.fd ?? -1;
}

/** Closes the servers of this process, so that only its child has their sockets. */
export async function closeAll(...servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
}
