/**
 * The workers of a group as targets of their own, for HTTP service discovery: Prometheus and
 * VictoriaMetrics scrape each of them through one port, told apart by a parameter of the request.
 */

import { isUrlPath } from "../options/rules.ts";
import { BAD_REQUEST, type FixedAnswer } from "./fixed-answers.ts";
import { isValidHost, type RequestHead } from "./request-head.ts";
import { queryOf } from "./routes.ts";

/** The path that scrapers ask for unless they are told another. */
const USUAL_PATH = "/metrics";

/** What a server knows of where it is. */
export interface OwnPlace {
  /** The path of the metrics. */
  readonly path: string;
  /** Whether it speaks TLS. */
  readonly isTls: boolean;
}

/** Where scrapers reach the workers. */
interface TargetsPlace {
  /** A host, and perhaps a port. */
  readonly target: string;
  /** The path of the metrics. */
  readonly path: string;
  /** `undefined` where that is what the scraper takes anyway. */
  readonly scheme: string | undefined;
}

/**
 * Reads where scrapers reach the workers: at the host that the request names, or that of `?target=`,
 * which a proxy in front may need, as it may need `?scheme=`.
 *
 * @param own Absent for a mount, which does not know its path: there `?path=` names it.
 * @returns `undefined` where a host, a path or a scheme is not one.
 */
function targetsPlaceOf(head: RequestHead, own: OwnPlace | undefined): TargetsPlace | undefined {
  const query = new URLSearchParams(queryOf(head.target));
  const target = (query.get("target") ?? head.header("host") ?? "").replace(/:$/, "");
  if (target === "" || !isValidHost(target)) return undefined;
  const path = own?.path ?? query.get("path") ?? USUAL_PATH;
  const scheme = query.get("scheme") ?? (own?.isTls ? "https" : undefined);
  const isScheme = scheme === undefined || /^https?$/.test(scheme);
  return isUrlPath(path) && isScheme ? { target, path, scheme } : undefined;
}

/**
 * Answers with the targets, each with the label that tells workers apart. A scraper drops its targets
 * when the list is empty, and keeps them when it gets an error.
 *
 * @param own As for `targetsPlaceOf()`.
 * @param slots Those of all workers; `undefined` as long as they are not known.
 * @param label The name of the label that tells workers apart.
 */
export function targetsAnswer(
  head: RequestHead,
  own: OwnPlace | undefined,
  slots: readonly number[] | undefined,
  label: string,
): FixedAnswer {
  const place = targetsPlaceOf(head, own);
  if (place === undefined) return BAD_REQUEST;
  if (slots === undefined || slots.length === 0) return WORKERS_UNKNOWN;
  const common = {
    ...(place.path !== USUAL_PATH && { __metrics_path__: place.path }),
    ...(place.scheme !== undefined && { __scheme__: place.scheme }),
  };
  const groups = slots
    .toSorted((a, b) => a - b)
    .map((slot) => ({
      targets: [place.target],
      labels: { ...common, __param_worker: String(slot), [label]: String(slot) },
    }));
  return { status: 200, text: `${JSON.stringify(groups)}\n`, headers: JSON_TYPE };
}

/** Prometheus takes no other type than exactly this one. */
const JSON_TYPE = { "Content-Type": "application/json" };

const WORKERS_UNKNOWN: FixedAnswer = {
  status: 503,
  text: "The workers are not known yet. Try again in a moment.\n",
  headers: { "Retry-After": "1" },
};
