import { isThenable, type MaybePromise } from "../../../maybe-promise.ts";
import type { AuthOptions, AuthorizeRequest } from "../../../options/security.ts";
import { unref } from "../../../timers.ts";
import { splitAbsolute } from "../../routes.ts";
import type { ClientCertificate } from "../client.ts";
import type { Visit } from "../guard.ts";

/** How long `auth.authorize` may take, in milliseconds. */
const LIMIT_MS = 5_000;

/**
 * Asks the option `auth.authorize` about a request. Only `true` lets it in.
 *
 * @throws What it throws. The promise rejects with what it rejects with, or when it takes too long.
 */
export function isAuthorized(
  authorize: NonNullable<AuthOptions["authorize"]>,
  visit: Visit,
  remoteAddress: string | undefined,
  certificate: ClientCertificate["certificate"],
): MaybePromise<boolean> {
  const { method } = visit.head;
  const target = splitAbsolute(method, visit.head.target)?.target ?? visit.head.target;
  const [path = ""] = target.split(/[?#]/);
  const headers = headersOf(visit);
  const answer = authorize({ method, path, headers, remoteAddress, certificate });
  return isThenable(answer) ? inTime(answer) : answer === true;
}

function headersOf({ request, headers }: Visit): AuthorizeRequest["headers"] {
  return request?.headers ?? Object.fromEntries(headers ?? []);
}

function inTime(answer: PromiseLike<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`It took longer than ${LIMIT_MS / 1_000} seconds`));
    const timer = unref(setTimeout(late, LIMIT_MS));
    Promise.resolve(answer)
      .then((isAllowed) => resolve(isAllowed === true), reject)
      .finally(() => clearTimeout(timer));
  });
}
