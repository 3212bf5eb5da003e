import { mayStartThreads } from "../../node.ts";
import type { ResolvedHandlerOptions } from "../../options/options.ts";
import type { AuthOptions, OpenHealth, RateLimit } from "../../options/security.ts";
import type { FixedAnswer } from "../fixed-answers.ts";
import type { Headers } from "../send.ts";
import { unauthorized } from "./answers.ts";
import { highCostWarnings, unequalCostWarnings } from "./credentials/hash-costs.ts";
import { createTokens, type Tokens } from "./credentials/tokens.ts";
import { createNetworks, type Networks } from "./networks.ts";

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

/** A policy, prepared once for all decisions. */
export interface Rules {
  readonly policy: Policy;
  readonly networks: Networks | undefined;
  readonly proxies: Networks | undefined;
  readonly tokens: Tokens;
  /** Whether a client needs credentials. */
  readonly hasAuth: boolean;
  readonly unauthorized: FixedAnswer;
  /** What works, but may be a mistake. */
  readonly warnings: readonly string[];
}

/**
 * Makes the policy of a handler's options.
 *
 * @param fileTokens The tokens in the file of the option `auth.bearerTokenFile`.
 */
export function policyOf(
  { auth, headers, rateLimit, allowedNetworks, trustedProxies }: ResolvedHandlerOptions,
  fileTokens: readonly string[],
): Policy {
  return {
    users: new Map(Object.entries(auth?.users ?? {})),
    tokens: [...(auth?.bearerTokens ?? []), ...fileTokens],
    authorize: auth?.authorize,
    headers: headers ?? {},
    rateLimit,
    allowedNetworks,
    trustedProxies,
    openHealth: "without-credentials",
  };
}

/** Why this process can never honour a policy, in words; `undefined` if it can. */
export function policyFault({ users }: Policy): string | undefined {
  if (users.size === 0 || mayStartThreads()) return undefined;
  return "passwords need a thread, and Node needs --allow-worker for it";
}

/** Prepares a policy for decisions. */
export function rulesOf(policy: Policy): Rules {
  const { allowedNetworks, trustedProxies, users, tokens, authorize } = policy;
  const networks = allowedNetworks && createNetworks(allowedNetworks);
  const proxies = trustedProxies && createNetworks(trustedProxies);
  return {
    policy,
    networks,
    proxies,
    tokens: createTokens(tokens),
    hasAuth: users.size > 0 || tokens.length > 0 || authorize !== undefined,
    unauthorized: unauthorized(challengesOf(policy)),
    warnings: [
      ...networkWarnings("allowedNetworks", networks),
      ...networkWarnings("trustedProxies", proxies),
      ...highCostWarnings(users),
      ...unequalCostWarnings(users),
    ],
  };
}

/** What the answer to a client without credentials asks for. */
function challengesOf({ users, tokens, authorize }: Policy): readonly string[] {
  const challenges = [];
  // RFC 7617 §2.1.
  if (users.size > 0) challenges.push('Basic realm="metrics", charset="UTF-8"');
  // RFC 6750 §3. RFC 9110 §11.6.1 demands one even where only `authorize()` says what is asked for.
  if (tokens.length > 0 || (authorize !== undefined && users.size === 0)) {
    challenges.push('Bearer realm="metrics"');
  }
  return challenges;
}

function networkWarnings(option: string, networks: Networks | undefined): string[] {
  const list = networks?.doubtful ?? [];
  return list.map(
    (network) => `${network} in "${option}" stands for a whole network, not for that address`,
  );
}
