/**
 * Who may ask: networks, certificates, credentials, limits, in this order.
 *
 * It is loaded only where an option asks for it.
 */
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Log } from "../log.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { AuthOptions, OpenHealth, RateLimit } from "../options/security.ts";
import type { Guard } from "./guard.ts";
import type { Headers } from "./send.ts";

/** Who may ask, as options and files say it. It is swapped as a whole. */
export interface Policy {
  /** The hashes of passwords, by the names of users. */
  readonly users: ReadonlyMap<string, string>;
  readonly tokens: readonly string[];
  readonly authorize: AuthOptions["authorize"];
  readonly headers: Headers;
  readonly rateLimit: RateLimit | undefined;
  readonly allowedNetworks: readonly string[] | undefined;
  readonly trustedProxies: readonly string[] | undefined;
  readonly openHealth: OpenHealth;
}

/** What is known of the TLS of a connection. */
export interface ClientCertificate {
  readonly certificate: X509Certificate | undefined;
  /** Why the connection may not ask, in words; `undefined` if it may. */
  readonly fault: string | undefined;
}

/** What an access is told of what it stands in. */
export interface AccessParts {
  readonly log: Log;
  /** What the layer under `socket` knows of its client; absent without TLS of our own. */
  readonly certificateOf?: (socket: Socket) => ClientCertificate | undefined;
  /** Whether an address that fails too often is locked out: not where a proxy may stand before us. */
  readonly locksOut: boolean;
}

/** Decides who may ask. */
export interface Access extends Guard {
  /** What it counts; always the same list. */
  families(): readonly MetricFamily[];
  /** Swaps the policy. What was decided by the last one holds for requests under way. */
  use(policy: Policy): void;
  /** Gives up what waits, and ends the thread that compares passwords. */
  close(): void;
}

/** Makes what decides by a policy. */
export function createAccess(_policy: Policy, _parts: AccessParts): Access {
  throw new Error("Not yet");
}

/** Makes what decides for a handler, whose token file is read again when it changes. */
export function createHandlerAccess(_options: ResolvedHandlerOptions, _log: Log): Access {
  throw new Error("Not yet");
}
