import type { Signal } from "../abort.ts";
import type { Log } from "../log.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type {
  CollectorReport,
  RecentScrape,
  Sending,
  TakeSurvey,
  Unavailable,
  Visit,
} from "../scrape/exchange.ts";
import { type FamilyDetail, inspectFamily } from "./measure/inspect-family.ts";
import { listFamilies } from "./measure/list-families.ts";
import {
  type FamilySizes,
  isolated,
  measureFamilies,
  type OnFailure,
} from "./measure/measure-families.ts";

/** What a process exports at the moment, for a person to read. */
export interface Overview {
  /** The families of the application. */
  readonly sizes: FamilySizes;
  /** Our own families. */
  readonly ownSizes: FamilySizes;
  /** The collectors that failed, and the families that could not be read. */
  readonly failed: readonly string[];
  /** Whether scrapes get an error, because of what failed. */
  readonly isRefused: boolean;
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly isFailing: boolean;
  readonly collectors: readonly CollectorReport[];
  /** The last scrapes, the newest first. */
  readonly scrapes: readonly RecentScrape[];
}

/** What was looked at, and the bounds within which it may be sent. */
export interface Taken<T> extends Sending {
  readonly found: T | Unavailable;
  readonly tooSlow?: readonly string[] | undefined;
}

/** Looks at families. It never rejects; `undefined` if the client disconnected first. */
export type Take<T> = (
  survey: TakeSurvey,
  client: Signal,
  log: Log,
) => Promise<Taken<T> | undefined>;

/** Surveys all families and measures them; no value is read. */
export const takeOverview: Take<Overview> = async (survey, client, log) => {
  const unreadable = createUnreadable(log);
  const taken = await survey(client, function* (families, own) {
    const sizes = yield* measureFamilies(families, unreadable.add);
    return { sizes, ownSizes: yield* measureFamilies(own, unreadable.add) };
  });
  if (taken === undefined) return undefined;
  const { findings, ...more } = taken;
  if (typeof findings === "string") return { found: findings, ...more };
  const { result, failed, ...others } = findings;
  const all = [...new Set([...failed, ...unreadable.names])];
  return { found: { ...result, ...others, failed: all }, ...more };
};

/** Lists all families, as the parts of a JSON array. */
export const takeList: Take<readonly Uint8Array[]> = (survey, client, log) =>
  take(survey, client, (families, own) =>
    listFamilies([...families, ...own], createUnreadable(log).add),
  );

/** Inspects one family; it finds `null` where there is none of this name. */
export function takeFamily(name: string): Take<FamilyDetail | null> {
  // A name that cannot be encoded comes back another.
  const isReplaced = name.includes(REPLACEMENT);
  return (survey, client, log) => {
    const visit: Visit<FamilyDetail | null> = function* (families, own) {
      const isNamed = (candidate: MetricFamily) =>
        candidate.name === name || (isReplaced && wellFormed(candidate.name) === name);
      const family = families.find(isNamed) ?? own.find(isNamed);
      if (family === undefined) return null;
      const detail = yield* isolated(family, inspectFamily(family), createUnreadable(log).add);
      return detail ?? null;
    };
    return take(survey, client, visit, isReplaced ? undefined : name);
  };
}

const REPLACEMENT = "\ufffd";

/** A lone surrogate cannot be encoded in a link; the metrics send it as U+FFFD, too. */
export function wellFormed(name: string): string {
  return name.replace(/\p{Surrogate}/gu, REPLACEMENT);
}

async function take<T>(
  survey: TakeSurvey,
  client: Signal,
  visit: Visit<T>,
  name?: string,
): Promise<Taken<T> | undefined> {
  const taken = await survey(client, visit, name);
  if (taken === undefined) return undefined;
  const { findings, ...more } = taken;
  return { found: typeof findings === "string" ? findings : findings.result, ...more };
}

/** Logs the families that cannot be read, and remembers their names. */
function createUnreadable(log: Log): {
  readonly names: readonly string[];
  readonly add: OnFailure;
} {
  const names: string[] = [];
  const add: OnFailure = (family, error) => {
    names.push(family);
    log.error(`Cannot read metric family "${family}"`, error);
  };
  return { names, add };
}
