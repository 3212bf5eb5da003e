import type { Log } from "../../log.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import { counter, labelled } from "../../scrape/self-metrics.ts";
import type { Client } from "./client.ts";

/** Why a request is refused, and what the log says of it. */
const REASONS = {
  credentials_missing: "it has no credentials",
  credentials_wrong: "its credentials are wrong",
  locked_out: "too many logins from there have failed",
  rate_limited: "there are more than the rate limit allows",
  unavailable: "its credentials could not be checked",
  certificate: "its certificate is not accepted",
  network: "its network is not allowed",
  host: "its host is not allowed",
} as const;

export type Reason = keyof typeof REASONS;

/**
 * How many addresses have lines of their own in the log: a flood from more of them must not fill what the
 * log remembers of other faults.
 */
const MAX_LOGGED_ADDRESSES = 32;

/** How long an address has lines of its own, in milliseconds: as long as the log remembers a fault. */
const REMEMBER_MS = 600_000;

/** Counts and logs the requests that are refused: a line a minute for each reason and address. */
export class Refusals {
  readonly #log: Log;
  readonly #counts: Record<Reason, number>;
  /** Always the same list. */
  readonly families: readonly MetricFamily[];
  readonly #addresses = new Set<string>();
  #forgetAt = 0;

  constructor(log: Log) {
    this.#log = log;
    const reasons = Object.keys(REASONS).map((reason) => [reason, 0]);
    // Cast: these are its names.
    this.#counts = Object.fromEntries(reasons) as Record<Reason, number>;
    const help = "Requests that were refused, by reason.";
    const metrics = labelled("reason", this.#counts);
    this.families = [counter("promhttp_refused_requests_total", help, metrics)];
  }

  /**
   * Takes note of a request that is refused.
   *
   * @param detail What else to say. It must not come from the client.
   */
  refused(reason: Reason, client: Client, detail?: string): void {
    this.count(reason);
    const name = this.#nameOf(client);
    const more = detail === undefined ? "" : ` (${detail})`;
    this.#log.warn(`Refused a request from ${name}: ${REASONS[reason]}${more}`, {
      kind: `refused ${reason}`,
      name,
      fields: { reason, address: name },
    });
  }

  /** Takes note of a request whose client is not known here. */
  count(reason: Reason): void {
    this.#counts[reason]++;
  }

  #nameOf({ address, isLocal }: Client): string {
    if (address === undefined) return isLocal ? "a unix socket" : "an unknown address";
    const now = performance.now();
    if (now > this.#forgetAt) {
      this.#addresses.clear();
      this.#forgetAt = now + REMEMBER_MS;
    }
    if (this.#addresses.size < MAX_LOGGED_ADDRESSES) this.#addresses.add(address);
    return this.#addresses.has(address) ? address : "other addresses";
  }
}
