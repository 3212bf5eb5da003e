import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type SecureVersion } from "node:tls";
import type { Server } from "../../src/index.ts";
import { type Authority, createAuthority, type Identity } from "../helpers/certificates.ts";
import type { RawResponse } from "../helpers/http/parse-response.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { request } from "../helpers/http/raw-request.ts";
import {
  type TestServer,
  type TestServerOptions,
  targetOf,
  withServer,
} from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";
import { IN_THREAD, WHERE, WITH_VARIANTS } from "./thread-mode.ts";

/** Signs the certificate of every server of these tests. */
export const SERVER_CA: Authority = createAuthority({ name: "Server CA" });

/** The certificate of a server on the loopback. */
export const SERVER: Identity = SERVER_CA.issue({
  name: "localhost",
  sans: ["DNS:localhost", "IP:127.0.0.1"],
  usage: ["server"],
});

/** How a client connects to a server over TLS. */
export interface ClientOptions {
  /** The client's certificate. */
  readonly client?: Identity | undefined;
  /** What else `tls.connect()` takes. */
  readonly tls?: ConnectionOptions;
}

/** A request on a connection of its own. */
export interface TransportRequest extends ClientOptions {
  /** @default "/metrics" */
  readonly path?: string;
  /** @default "GET" */
  readonly method?: string;
  /** Whole header lines. */
  readonly headers?: readonly string[];
}

/** A server for one test, and how to ask it over its transport. */
export interface TransportServer extends Omit<TestServer, "connect"> {
  /** Opens a connection, over TLS where the transport has it; it is closed after the test. */
  connect(options?: ClientOptions): Promise<RawConnection>;
  /** Opens a raw connection to the same address. */
  connectRaw(): Promise<RawConnection>;
  /** Sends a request. It rejects with the code of the error if the connection is closed instead. */
  request(options?: TransportRequest): Promise<RawResponse>;
}

/** A way in which bytes reach a server. */
export interface Transport {
  readonly name: string;
  readonly isUnix: boolean;
  /** The one version of TLS that its clients speak; `undefined` where they speak none. */
  readonly tlsVersion: "TLSv1.2" | "TLSv1.3" | undefined;
  /**
   * Runs a test with a server of its own, as `withServer()` does.
   *
   * @param options What `tls` has here is added to the certificate of the server. A `webConfigFile` must have
   *   the certificate itself.
   */
  withServer(
    options: TestServerOptions,
    test: (server: TransportServer) => Promise<void>,
  ): Promise<void>;
}

function transport(isUnix: boolean, tlsVersion: Transport["tlsVersion"]): Transport {
  return {
    name: `${tlsVersion ?? "plain"} over ${isUnix ? "a unix socket" : "TCP"}${IN_THREAD ? ", in a thread" : ""}`,
    isUnix,
    tlsVersion,
    withServer: (options, test) =>
      withAddress(isUnix, (address) => {
        const isConfigured = tlsVersion === undefined || options.webConfigFile !== undefined;
        const tls = isConfigured ? {} : { tls: { ...SERVER, ...options.tls } };
        return withServer({ ...WHERE, address, ...options, ...tls }, async (server) => {
          const connections: RawConnection[] = [];
          const connect = async (client?: ClientOptions) => {
            if (tlsVersion === undefined) return server.connect();
            const connection = await secureConnection(server, tlsVersion, client);
            connections.push(connection);
            return connection;
          };
          try {
            const { connect: connectRaw } = server;
            await test({ ...server, connect, connectRaw, request: (of) => ask(connect, of) });
          } finally {
            for (const { socket } of connections) socket.destroy();
          }
        });
      }),
  };
}

/** Plain HTTP, over TCP and over a unix socket. */
export const PLAIN_TRANSPORTS: readonly Transport[] = WITH_VARIANTS
  ? onEachSocket(undefined)
  : onEachSocket(undefined).slice(-1);

/** TLS 1.2 and 1.3, over TCP and over a unix socket. */
export const TLS_TRANSPORTS: readonly Transport[] = WITH_VARIANTS
  ? [...onEachSocket("TLSv1.2"), ...onEachSocket("TLSv1.3")]
  : [transport(false, "TLSv1.3")];

/** All ways in which bytes reach a server. */
export const TRANSPORTS: readonly Transport[] = [...PLAIN_TRANSPORTS, ...TLS_TRANSPORTS];

function onEachSocket(tlsVersion: Transport["tlsVersion"]): Transport[] {
  // Windows has no unix sockets in the file system.
  const kinds = process.platform === "win32" ? [false] : [false, true];
  return kinds.map((isUnix) => transport(isUnix, tlsVersion));
}

async function withAddress(isUnix: boolean, test: (address: string) => Promise<void>) {
  if (!isUnix) return test("127.0.0.1:0");
  return withTempDir((directory) => test(`unix:${join(directory, "s")}`));
}

async function ask(
  connect: (client: ClientOptions) => Promise<RawConnection>,
  { path = "/metrics", method = "GET", headers = [], ...client }: TransportRequest = {},
): Promise<RawResponse> {
  const connection = await connect(client);
  try {
    void connection.send(request(path, { method, headers }));
    return await connection.response({ isHead: method === "HEAD" });
  } catch (error) {
    // Under TLS 1.3 a client whose certificate is refused learns it only when it reads.
    if (connection.errorCode === undefined) throw error;
    throw Object.assign(new Error(connection.errorCode), { code: connection.errorCode });
  } finally {
    connection.socket.destroy();
    await connection.closed();
  }
}

/** Opens a connection over TLS. It rejects with the error of the handshake. */
export async function secureConnection(
  { server }: { readonly server: Server },
  version: SecureVersion,
  { client, tls = {} }: ClientOptions = {},
): Promise<RawConnection> {
  const socket = connectTls({
    ...targetOf(server),
    servername: "localhost",
    ca: SERVER_CA.cert,
    minVersion: version,
    maxVersion: version,
    ...client,
    ...tls,
  });
  const connection = new RawConnection(socket);
  const secured = new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed")));
  });
  await within("a handshake", secured);
  return connection;
}
