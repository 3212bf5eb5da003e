import type { Socket } from "node:net";
import { createNetworks, type Networks } from "../../http/access/networks.ts";
import type { Log } from "../../log.ts";
import { andThen, type MaybePromise } from "../../maybe-promise.ts";
import type { Connections } from "../connections.ts";
import type { Layer } from "../listen/layer.ts";
import type { RefusedConnections } from "../tls/refused-connections.ts";
import type { Tls, TlsLayer } from "../tls.ts";

/** What an entrance is made of. */
export interface EntranceParts {
  readonly log: Log;
  readonly refused: RefusedConnections;
  /** Speaks TLS; absent where HTTP is plain. */
  readonly tlsLayer: TlsLayer | undefined;
  readonly allowedNetworks: readonly string[] | undefined;
  /** Looks whether a file has changed. */
  readonly arrived: () => MaybePromise<void>;
}

/**
 * What stands between the accepted sockets of a server and HTTP.
 *
 * Without TLS that is nothing: the guard looks at each request, and can tell the client why it is refused.
 * With it, networks are judged before the first byte is read, and changed files are read before the
 * handshake.
 */
export class Entrance implements Layer {
  readonly #parts: EntranceParts;
  readonly #networks: Networks | undefined;
  readonly #ports = new Set<Pick<Connections, "closeIdle">>();

  constructor(parts: EntranceParts) {
    const { allowedNetworks } = parts;
    this.#parts = parts;
    this.#networks = allowedNetworks && createNetworks(allowedNetworks);
  }

  open(raw: Socket, serve: (stream: Socket) => void): void {
    const { tlsLayer, arrived } = this.#parts;
    if (tlsLayer === undefined) {
      serve(raw);
      return;
    }
    // Once it is closed, nobody can say where it came from.
    const address = raw.remoteAddress;
    // A unix socket has none, and its permissions say who may connect.
    if (address !== undefined && this.#networks?.has(address) === false) {
      this.#parts.refused.add("network", address);
      raw.destroy();
      return;
    }
    void andThen(arrived(), () => this.#secure(tlsLayer, raw, serve));
  }

  limitReached(): void {
    this.#parts.refused.add("limit", undefined);
  }

  watch(connections: Pick<Connections, "closeIdle">): () => void {
    this.#ports.add(connections);
    return () => this.#ports.delete(connections);
  }

  /** Speaks TLS in another way from now on, and closes idle connections that may ask nothing any more. */
  use(tls: Tls): void {
    const { tlsLayer } = this.#parts;
    tlsLayer?.use(tls);
    for (const connections of this.#ports) {
      connections.closeIdle((stream) => tlsLayer?.isStale(stream) === true);
    }
  }

  #secure(tlsLayer: TlsLayer, raw: Socket, serve: (stream: Socket) => void): void {
    if (raw.destroyed) return;
    try {
      tlsLayer.open(raw, serve);
    } catch (error) {
      this.#parts.log.error("Cannot speak TLS on a connection", error);
      raw.destroy();
    }
  }
}
