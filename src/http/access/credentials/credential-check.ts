import type { Log } from "../../../log.ts";
import { andThen, type MaybePromise, orElse } from "../../../maybe-promise.ts";
import { BAD_REQUEST, type FixedAnswer } from "../../fixed-answers.ts";
import { CANNOT_CHECK, tooManyRequests } from "../answers.ts";
import type { Client, ClientCertificate } from "../client.ts";
import type { Visit } from "../guard.ts";
import type { Rules } from "../policy.ts";
import type { Refusals } from "../refusals.ts";
import { isAuthorized } from "./authorization.ts";
import { isTwofold, readCredentials } from "./credentials.ts";
import { Failures } from "./failures.ts";
import { type Attempt, Passwords } from "./passwords.ts";

/** The answer that refuses a request; `undefined` if it may be answered. */
type Refusal = FixedAnswer | undefined;

/** A request whose credentials are checked. */
export interface Applicant {
  readonly visit: Visit;
  readonly client: Client;
  readonly certificate: ClientCertificate["certificate"];
}

/** What a credential check works with. */
interface CheckParts {
  readonly log: Log;
  readonly refusals: Refusals;
  /** Whether an address that fails too often is locked out, whoever the client is. */
  readonly locksOut: boolean;
}

/**
 * Decides whether the credentials of a request let it in. One that is valid is enough: a token, a user, or
 * what the option `auth.authorize` accepts.
 */
export class CredentialCheck {
  readonly #parts: CheckParts;
  readonly #passwords = new Passwords();
  readonly #failures = new Failures();
  #isClosed = false;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** Replaces the users. */
  use({ policy }: Rules): void {
    this.#passwords.use(policy.users);
  }

  /** Decides on a request: at once, unless bcrypt or the user's code must be asked. */
  check(rules: Rules, applicant: Applicant): MaybePromise<Refusal> {
    const { head, request } = applicant.visit;
    const { address } = applicant.client;
    const header = head.header("authorization");
    if (header !== undefined && isTwofold(request?.rawHeaders ?? [], header)) {
      this.#deny(rules, applicant, "they come twice");
      return BAD_REQUEST;
    }
    const lockMs = this.#locksOut(rules) ? this.#failures.lockMs(address) : 0;
    if (lockMs > 0 && !this.#failures.isRegular(address)) return this.#lockOut(applicant, lockMs);

    const given = header === undefined ? undefined : readCredentials(header);
    if (given !== undefined && "token" in given && rules.tokens.has(given.token)) {
      return this.#letIn(applicant);
    }
    const isLogin = given !== undefined && "user" in given && rules.policy.users.size > 0;
    const attempt = isLogin ? this.#passwords.attempt(given) : undefined;
    if (attempt !== undefined && this.#passwords.isRemembered(attempt)) {
      return this.#letIn(applicant);
    }
    if (lockMs > 0) return this.#lockOut(applicant, lockMs);
    if (attempt !== undefined) return this.#compare(rules, applicant, attempt);
    return this.#ask(rules, applicant);
  }

  /** Ends the thread that compares passwords. What waits for it is not logged as a fault. */
  close(): void {
    this.#isClosed = true;
    this.#passwords.close();
  }

  /** Behind a proxy that nobody has named, all clients have one address. */
  #locksOut({ proxies }: Rules): boolean {
    return this.#parts.locksOut || proxies !== undefined;
  }

  async #compare(rules: Rules, applicant: Applicant, attempt: Attempt): Promise<Refusal> {
    try {
      const verdict = await this.#passwords.compare(attempt);
      if (verdict === "right") return this.#letIn(applicant);
      if (verdict === "busy") return this.#cannotCheck(applicant, "too many passwords wait");
    } catch (error) {
      if (this.#isClosed) return CANNOT_CHECK;
      this.#parts.log.error("Cannot check a password", error);
      return this.#cannotCheck(applicant);
    }
    const { hash, user } = attempt;
    // What is not the name of a user may be a password in the wrong place.
    const detail = hash === undefined ? undefined : `user ${JSON.stringify(user)}`;
    return this.#ask(rules, applicant, detail);
  }

  /** Asks the user's code about a request that nothing else lets in. */
  #ask(rules: Rules, applicant: Applicant, detail?: string): MaybePromise<Refusal> {
    const { authorize } = rules.policy;
    if (authorize === undefined) return this.#deny(rules, applicant, detail);
    const { visit, client, certificate } = applicant;
    return orElse<Refusal>(
      () =>
        andThen(isAuthorized(authorize, visit, client.address, certificate), (isAllowed) =>
          isAllowed ? this.#letIn(applicant) : this.#deny(rules, applicant, detail),
        ),
      (error) => {
        this.#parts.log.error('Option "auth.authorize" failed; the request gets 503', error);
        return this.#cannotCheck(applicant);
      },
    );
  }

  #letIn({ client }: Applicant): undefined {
    this.#failures.succeeded(client.address);
  }

  #deny(rules: Rules, { visit, client }: Applicant, detail?: string): FixedAnswer {
    if (visit.head.header("authorization") === undefined) {
      this.#parts.refusals.refused("credentials_missing", client);
    } else {
      this.#failures.failed(client.address);
      this.#parts.refusals.refused("credentials_wrong", client, detail);
    }
    return rules.unauthorized;
  }

  #lockOut({ client }: Applicant, lockMs: number): FixedAnswer {
    this.#parts.refusals.refused("locked_out", client);
    return tooManyRequests(lockMs);
  }

  #cannotCheck({ client }: Applicant, detail?: string): FixedAnswer {
    this.#parts.refusals.refused("unavailable", client, detail);
    return CANNOT_CHECK;
  }
}
