import { clientKeyOf } from "../networks.ts";
import { TokenBucket } from "../token-bucket.ts";

/** How many logins of an address may fail at once, and how often one more may, in milliseconds. */
const BURST = 10;
const INTERVAL_MS = 2_000;

const MAX_ADDRESSES = 1_024;

/**
 * How often logins fail, by the addresses that they come from. An address from which too many fail is
 * locked out until it has waited.
 *
 * An address from which a login has succeeded is a regular: even while it is locked out, credentials that are
 * already known to be right are accepted from there. Otherwise anybody who shares a scraper's address could
 * lock the scraper out. If that held for every address, a lock would not stop anybody from guessing them.
 */
export class Failures {
  readonly #now: () => number;
  /** By `clientKeyOf()`; the one that has failed least recently comes first. */
  readonly #buckets = new Map<bigint, TokenBucket>();
  /** The oldest comes first. */
  readonly #regulars = new Set<string>();

  /** @param now The time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How long an address is locked out, in milliseconds; 0 if it is not, or is unknown. */
  lockMs(address: string | undefined): number {
    // Nearly always.
    if (this.#buckets.size === 0 || address === undefined) return 0;
    const key = clientKeyOf(address);
    return (key !== undefined && this.#buckets.get(key)?.waitMs(this.#now())) || 0;
  }

  isRegular(address: string | undefined): boolean {
    return address !== undefined && this.#regulars.has(address);
  }

  /** Must be called when a login from an address has failed. */
  failed(address: string | undefined): void {
    const key = address === undefined ? undefined : clientKeyOf(address);
    if (key === undefined) return;
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? new TokenBucket(INTERVAL_MS, BURST, now);
    bucket.take(now);
    this.#buckets.delete(key);
    dropFirst(this.#buckets);
    this.#buckets.set(key, bucket);
  }

  /** Must be called when a login from an address was right. */
  succeeded(address: string | undefined): void {
    if (address === undefined || this.#regulars.has(address)) return;
    dropFirst(this.#regulars);
    this.#regulars.add(address);
  }
}

/** Makes room for one more. */
function dropFirst<K>(collection: Map<K, unknown> | Set<K>): void {
  const [first] = collection.size < MAX_ADDRESSES ? [] : collection.keys();
  if (first !== undefined) collection.delete(first);
}
