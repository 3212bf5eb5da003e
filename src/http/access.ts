/**
 * Who may ask: networks, certificates, credentials, limits, in this order.
 *
 * Each file of `access/` answers one question. `client.ts` says where a request comes from, and
 * `networks.ts` whether that is allowed. `credentials.ts` reads a header; `tokens.ts` and `passwords.ts`
 * look up what it says. `failures.ts` locks out an address from which too many logins fail, and
 * `refusals.ts` counts and logs. Here they are asked in turn. Most requests are decided at once; only a
 * password that is not remembered goes to a thread, and `authorize()` may take its time. Of a request,
 * only the address and the name of an existing user are kept or logged.
 *
 * It is loaded only where an option needs it.
 */
import type { Socket } from "node:net";
import type { Log } from "../log.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { RateLimit } from "../options/security.ts";
import {
  CERTIFICATE_NOT_ACCEPTED,
  NETWORK_NOT_ALLOWED,
  tooManyRequests,
} from "./access/answers.ts";
import { type Client, type ClientCertificate, clientOf } from "./access/client.ts";
import { CredentialCheck } from "./access/credentials/credential-check.ts";
import type { Guard, Visit } from "./access/guard.ts";
import { type Policy, type Rules, rulesOf } from "./access/policy.ts";
import { Refusals } from "./access/refusals.ts";
import { TokenBucket } from "./access/token-bucket.ts";
import type { FixedAnswer } from "./fixed-answers.ts";
import type { Headers } from "./send.ts";

export type { ClientCertificate } from "./access/client.ts";
export type { Policy } from "./access/policy.ts";

/** What a policy is enforced with. */
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
  /** Swaps the policy. Requests under way keep the decision of the last one. */
  use(policy: Policy): void;
  /** Ends the thread that compares passwords, and abandons what waits for it. */
  close(): void;
}

/** Makes the access of a policy. */
export function createAccess(policy: Policy, parts: AccessParts): Access {
  return new PolicyAccess(policy, parts);
}

class PolicyAccess implements Access {
  readonly #parts: AccessParts;
  readonly #refusals: Refusals;
  readonly #credentials: CredentialCheck;
  readonly #warn: (warnings: readonly string[]) => void;
  #rules: Rules;
  #rateLimit: TokenBucket | undefined;
  #hasExplainedFetch = false;

  constructor(policy: Policy, parts: AccessParts) {
    const { log, locksOut } = parts;
    this.#parts = parts;
    this.#refusals = new Refusals(log);
    this.#credentials = new CredentialCheck({ log, locksOut, refusals: this.#refusals });
    this.#warn = createWarner(log);
    this.#rules = rulesOf(policy);
    this.#rateLimit = bucketOf(policy);
    this.#credentials.use(this.#rules);
    this.#warn(this.#rules.warnings);
  }

  get headers(): Headers {
    return this.#rules.policy.headers;
  }

  admit(visit: Visit): MaybePromise<FixedAnswer | undefined> {
    const rules = this.#rules;
    const { networks, proxies, hasAuth } = rules;
    const { openHealth } = rules.policy;
    const client = clientOf(visit, proxies);
    if (networks !== undefined && !client.isLocal && !networks.has(client.address)) {
      if (visit.request === undefined) this.#explainFetch();
      this.#refusals.refused("network", client);
      return NETWORK_NOT_ALLOWED;
    }
    if (visit.isHealth && openHealth === "without-certificate") return undefined;
    const tls = visit.request && this.#parts.certificateOf?.(visit.request.socket);
    if (tls?.fault !== undefined) {
      this.#refusals.refused("certificate", client, tls.fault);
      return CERTIFICATE_NOT_ACCEPTED;
    }
    if (visit.isHealth && openHealth === "without-credentials") return undefined;
    if (!hasAuth) return this.#limitRate(client);
    const applicant = { visit, client, certificate: tls?.certificate };
    return andThen(
      this.#credentials.check(rules, applicant),
      (refusal) => refusal ?? this.#limitRate(client),
    );
  }

  hostRefused(): void {
    this.#refusals.count("host");
  }

  families(): readonly MetricFamily[] {
    return this.#refusals.families;
  }

  use(policy: Policy): void {
    const { rateLimit } = this.#rules.policy;
    this.#rules = rulesOf(policy);
    this.#credentials.use(this.#rules);
    this.#warn(this.#rules.warnings);
    // A file that is loaded again and again must not allow more.
    if (!isSame(policy.rateLimit, rateLimit)) this.#rateLimit = bucketOf(policy);
  }

  close(): void {
    this.#credentials.close();
  }

  /** Comes last, so that strangers cannot use up the limit of a scraper. */
  #limitRate(client: Client): FixedAnswer | undefined {
    const now = performance.now();
    if (this.#rateLimit === undefined || this.#rateLimit.take(now)) return undefined;
    this.#refusals.refused("rate_limited", client);
    return tooManyRequests(this.#rateLimit.waitMs(now));
  }

  #explainFetch(): void {
    if (this.#hasExplainedFetch) return;
    this.#hasExplainedFetch = true;
    this.#parts.log.note(
      'Option "allowedNetworks" refuses every request of the Fetch API, which does not tell its address',
    );
  }
}

/** Makes the function that logs warnings, except those that were there the last time. */
export function createWarner(log: Log): (warnings: readonly string[]) => void {
  let known: readonly string[] = [];
  return (warnings) => {
    for (const warning of warnings) if (!known.includes(warning)) log.note(warning);
    known = warnings;
  };
}

function bucketOf({ rateLimit }: Policy): TokenBucket | undefined {
  return rateLimit && new TokenBucket(rateLimit.intervalMs, rateLimit.burst, performance.now());
}

function isSame(one: RateLimit | undefined, other: RateLimit | undefined): boolean {
  return one?.intervalMs === other?.intervalMs && one?.burst === other?.burst;
}
