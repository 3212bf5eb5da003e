import { plainAddress } from "../../http/access/networks.ts";
import type { Log } from "../../log.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import { counter, labelled } from "../../scrape/self-metrics.ts";

/** Why a connection was closed before it could ask anything. */
export type ConnectionRefusal =
  | "limit"
  | "network"
  | "tls_timeout"
  | "tls_version"
  | "plain_http"
  | "certificate_missing"
  | "certificate_invalid"
  | "certificate_san"
  | "tls_other";

/** Why a connection was closed before it could ask anything, and what the log says of it. */
export interface Refusal {
  readonly reason: ConnectionRefusal;
  /** In words; nothing in it is the client's. */
  readonly text: string;
}

/** What the log says of each reason, unless there is more to say. */
const REFUSALS: Readonly<Record<ConnectionRefusal, string>> = {
  limit: "there are too many",
  network: "its network is not allowed",
  tls_timeout: "its TLS handshake took too long",
  tls_version: "it speaks another version of TLS",
  plain_http: "it speaks plain HTTP, and this server TLS",
  certificate_missing: "it has no client certificate",
  certificate_invalid: "its client certificate cannot be verified",
  certificate_san: "its client certificate has none of the allowed names",
  tls_other: "its TLS handshake failed",
};

/** The connections of a server that were closed before they could ask anything. */
export class RefusedConnections {
  /** What is counted; always the same list. */
  readonly families: readonly MetricFamily[];

  readonly #log: Log;
  readonly #counts: Record<ConnectionRefusal, number>;

  constructor(log: Log) {
    this.#log = log;
    // All are there from the start: one that appears with its first value hides it from `rate()`.
    const reasons = Object.keys(REFUSALS).map((reason) => [reason, 0]);
    // Cast: these are its names.
    this.#counts = Object.fromEntries(reasons) as Record<ConnectionRefusal, number>;
    this.families = [
      counter(
        "promhttp_refused_connections_total",
        "Connections that were closed before they could ask, by reason.",
        labelled("reason", this.#counts),
      ),
    ];
  }

  /**
   * Counts a connection, and logs it at most once a minute for each reason.
   *
   * @param remoteAddress The address of the client; `undefined` for a unix socket.
   * @param text What the log says of it; nothing in it may be the client's.
   */
  add(
    reason: ConnectionRefusal,
    remoteAddress: string | undefined,
    text: string = REFUSALS[reason],
  ): void {
    this.#counts[reason]++;
    const address = remoteAddress && plainAddress(remoteAddress);
    const client = address === undefined ? "" : ` from ${address}`;
    this.#log.warn(`Refused a connection${client}: ${text}`, {
      kind: "refused-connection",
      name: reason,
      fields: { reason, ...(address !== undefined && { address }) },
    });
  }
}

/** The refusal for a reason that says it all. */
export function refusalFor(reason: ConnectionRefusal): Refusal {
  return { reason, text: REFUSALS[reason] };
}
