import type { Signal } from "../abort.ts";
import type { Log } from "../log.ts";
import type { Sending, TakeSurvey, Unavailable } from "../scrape/exchange.ts";
import { type FamilySizes, measureFamilies } from "./measure-families.ts";

/** What a process exports at the moment, for a person to read. */
export interface Overview {
  readonly sizes: FamilySizes;
  /** The collectors that failed, and the families that could not be read. */
  readonly failed: readonly string[];
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly isFailing: boolean;
}

/** An overview, and the bounds within which it may be sent. */
export interface TakenOverview extends Sending {
  readonly overview: Overview | Unavailable;
}

/**
 * Surveys all families and measures them; no value is encoded. It never rejects; `undefined` if the
 * client disconnected first.
 *
 * @param client Aborts when the client disconnects.
 */
export async function takeOverview(
  survey: TakeSurvey,
  client: Signal,
  log: Log,
): Promise<TakenOverview | undefined> {
  const unreadable: string[] = [];
  const taken = await survey(client, (families) =>
    measureFamilies(families, (family, error) => {
      unreadable.push(family);
      log.error(`Cannot read metric family "${family}"`, error);
    }),
  );
  if (taken === undefined) return undefined;
  const { findings, signal, end } = taken;
  if (typeof findings === "string") return { overview: findings, signal, end };
  const { result: sizes, isFailing } = findings;
  const failed = [...new Set([...findings.failed, ...unreadable])];
  return { overview: { sizes, failed, isFailing }, signal, end };
}
