/**
 * TLS, between the sockets that a server accepts and HTTP.
 *
 * `create-tls.ts` reads what is set, and finds whatever is wrong with it. Each `Tls` is a generation: a
 * `tls.Server` that never listens, with session tickets of its own, so that none outlives the authorities
 * that its client was verified by. A socket is peeked at (`first-byte.ts`), passed to the generation of the
 * moment, and, after the handshake, judged (`judge-client.ts`) and passed to HTTP. It stays with its
 * generation; `isStale()` tells when it may not ask any more. What is refused is counted and logged
 * (`refused-connections.ts`). Raw sockets are counted and bounded by `Connections`, which also closes one
 * whose handshake takes too long. Nothing here throws, and no error of a socket reaches the process.
 */
import type { Socket } from "node:net";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import type { ClientCertificate } from "../http/access.ts";
import { rawSocketOf } from "../http/reset.ts";
import { nodeModule } from "../node.ts";
import type { OpenHealth } from "../options/security.ts";
import { bytesOf } from "./client-error.ts";
import type { Tls } from "./tls/create-tls.ts";
import { isHandshake, isLetter, peekFirstByte } from "./tls/first-byte.ts";
import { handshakeRefusal } from "./tls/handshake-refusal.ts";
import { type ClientJudge, clientChecksOf, createClientJudge } from "./tls/judge-client.ts";
import { type Refusal, type RefusedConnections, refusalFor } from "./tls/refused-connections.ts";

export { createTls, type Tls, tlsFilesOf } from "./tls/create-tls.ts";
export { tlsSettingsOf } from "./tls/tls-options.ts";

/** What the TLS of a server is made of. */
export interface TlsLayerParts {
  readonly refused: RefusedConnections;
  /** How long a handshake may take, in milliseconds. */
  readonly headersTimeoutMs: number;
  readonly openHealth: OpenHealth;
}

/** TLS as it was set between two reloads. */
interface Generation {
  readonly tls: Tls;
  readonly server: TlsServer;
  readonly judge: ClientJudge;
}

/** A connection whose handshake is not complete. */
interface Visitor {
  /** Remembered, because a socket that is closed has none. */
  readonly address: string | undefined;
  /** When its handshake must be complete, by `performance.now()`. */
  readonly deadline: number;
  readonly serve: (stream: Socket) => void;
}

/** A connection whose handshake is complete. */
interface Client {
  readonly tls: Tls;
  /** Why it may not ask, in words. */
  readonly fault: string | undefined;
}

/** Speaks TLS over raw sockets. */
export class TlsLayer {
  readonly #parts: TlsLayerParts;
  #generation: Generation | undefined;
  /** By their raw sockets. */
  readonly #visitors = new WeakMap<Socket, Visitor>();
  /** By their streams. */
  readonly #clients = new WeakMap<Socket, Client>();

  constructor(parts: TlsLayerParts) {
    this.#parts = parts;
  }

  /** Speaks TLS as `tls` says from now on. Connections that are open go on as they are. */
  use(tls: Tls): void {
    this.#generation = this.#createGeneration(tls);
  }

  /**
   * Takes a socket that `Connections` has accepted.
   *
   * @param serve Called with the stream on which HTTP is spoken, unless the connection is closed.
   */
  open(raw: Socket, serve: (stream: Socket) => void): void {
    const deadline = performance.now() + this.#parts.headersTimeoutMs;
    const visitor = { address: raw.remoteAddress, deadline, serve };
    this.#visitors.set(raw, visitor);
    // `Connections` closes it at its deadline, even before its handshake has begun.
    raw.once("close", () => {
      if (performance.now() >= deadline) this.#refuse(raw, TOO_SLOW);
    });
    peekFirstByte(raw, (byte) => {
      if (isHandshake(byte)) this.#shakeHands(raw);
      else if (isLetter(byte)) this.#answerPlainHttp(raw);
      else this.#close(raw, NOT_TLS);
    });
  }

  /** Whether clients are judged differently since this connection was opened. */
  isStale(stream: Socket): boolean {
    const client = this.#clients.get(stream);
    return client !== undefined && client.tls.clients !== this.#generation?.tls.clients;
  }

  /** What is known of the client of a connection; `undefined` for one that is not open. */
  certificateOf(stream: Socket): ClientCertificate | undefined {
    const client = this.#clients.get(stream);
    if (client === undefined) return undefined;
    return {
      // A request seldom needs it. Cast: all clients are of such streams.
      get certificate() {
        return (stream as TLSSocket).getPeerX509Certificate();
      },
      fault: this.isStale(stream) ? STALE : client.fault,
    };
  }

  #createGeneration(tls: Tls): Generation {
    const { headersTimeoutMs, openHealth } = this.#parts;
    const server = nodeModule("node:tls").createServer({
      ...tls.context,
      ...clientChecksOf(tls.settings, openHealth),
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: headersTimeoutMs,
    });
    // It makes a context of its own, which lacks `allowPartialTrustChain`. All versions of Node have it here;
    // without this, fewer certificates would be accepted.
    Object.assign(server, { _sharedCreds: tls.secureContext });
    const generation = { tls, server, judge: createClientJudge(tls.settings) };
    server.on("secureConnection", (stream) => this.#welcome(stream, generation));
    server.on("tlsClientError", (error, stream) => {
      this.#refuse(rawSocketOf(stream), handshakeRefusal(error, stream));
    });
    return generation;
  }

  #shakeHands(raw: Socket): void {
    // A client that ends its side now is gone; as half open, it would stay until the deadline.
    raw.allowHalfOpen = false;
    this.#generation?.server.emit("connection", raw);
  }

  #welcome(stream: TLSSocket, { tls, judge }: Generation): void {
    // Errors of the raw socket do not come here, nor those of this one there.
    stream.on("error", () => {});
    const raw = rawSocketOf(stream);
    const refusal = judge(stream);
    if (refusal !== undefined && this.#parts.openHealth !== "without-certificate") {
      this.#close(raw, refusal);
      return;
    }
    const visitor = this.#visitors.get(raw);
    this.#visitors.delete(raw);
    this.#clients.set(stream, { tls, fault: refusal?.text });
    // As `node:http` has its sockets: a client may end its side behind its request.
    stream.allowHalfOpen = true;
    visitor?.serve(stream);
  }

  #answerPlainHttp(raw: Socket): void {
    this.#refuse(raw, refusalFor("plain_http"));
    raw.end(bytesOf(PLAIN_HTTP));
    // To close with unread input would reset the connection, and the client may lose the answer.
    raw.resume();
  }

  #close(raw: Socket, refusal: Refusal): void {
    this.#refuse(raw, refusal);
    raw.destroy();
  }

  /** Counts a connection as refused, once. */
  #refuse(raw: Socket, refusal: Refusal): void {
    const visitor = this.#visitors.get(raw);
    if (visitor === undefined) return;
    this.#visitors.delete(raw);
    // Its socket has been closed at the deadline, which OpenSSL reports as something else.
    const isLate = performance.now() >= visitor.deadline;
    const { reason, text } = isLate ? TOO_SLOW : refusal;
    this.#parts.refused.add(reason, visitor.address, text);
  }
}

/** In the words of Go's server. */
const PLAIN_HTTP = { status: 400, text: "Client sent an HTTP request to an HTTPS server.\n" };

const TOO_SLOW = refusalFor("tls_timeout");

const NOT_TLS: Refusal = { reason: "tls_other", text: "it does not speak TLS" };

const STALE = "its connection was opened before the rules for client certificates changed";
