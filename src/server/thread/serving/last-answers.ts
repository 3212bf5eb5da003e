import type { GatherContext, GatherResult } from "../../../model/gatherer.ts";
import { haveSameElements } from "../../../model/identity.ts";
import type { MetricFamily } from "../../../model/metric-family.ts";
import type { Answer } from "../messages.ts";

/** An answer of the application, applied. */
export interface Gathered extends GatherResult, Pick<Answer, "durations" | "faults" | "readAtMs"> {
  readonly families: readonly MetricFamily[];
}

/** What a scrape asks for. */
export type Asked = Pick<GatherContext, "names" | "pickedSources" | "params">;

/** How many selections are remembered beside the one of everything. */
const MAX_SELECTIONS = 16;

const EVERYTHING = "";

/** The last answers, by what was asked for. */
export class LastAnswers {
  readonly #byKey = new Map<string, Gathered>();

  /**
   * Remembers an answer, except for one that depends on values which its client has chosen.
   *
   * @returns The same, with the list of the one before where its families are the same.
   */
  remember(asked: Asked, gathered: Gathered): Gathered {
    const key = keyOf(asked);
    if (key === undefined) return gathered;
    const { families = gathered.families } = this.#byKey.get(key) ?? {};
    const isSame = haveSameElements(gathered.families, families);
    const remembered = isSame ? { ...gathered, families } : gathered;
    // The one that was asked for last becomes the last one.
    this.#byKey.delete(key);
    this.#byKey.set(key, remembered);
    const selections = [...this.#byKey.keys()].filter((other) => other !== EVERYTHING);
    const [oldest = EVERYTHING] = selections;
    if (selections.length > MAX_SELECTIONS) this.#byKey.delete(oldest);
    return remembered;
  }

  /** Finds the latest answer that has all of what is asked for. */
  of(asked: Asked): Gathered | undefined {
    const key = keyOf(asked);
    if (key === undefined) return undefined;
    const own = this.#byKey.get(key);
    // A scrape of some names is given no others. Only their gatherer can tell picked sources apart.
    const all = asked.pickedSources === undefined ? this.#byKey.get(EVERYTHING) : undefined;
    return all !== undefined && (own === undefined || all.readAtMs > own.readAtMs) ? all : own;
  }
}

/** Equal for those that ask for the same; `undefined` where a client has chosen values of parameters. */
function keyOf({ names, pickedSources, params }: Asked): string | undefined {
  if (Object.keys(params).length > 0) return undefined;
  if (names === undefined && pickedSources === undefined) return EVERYTHING;
  return JSON.stringify([names, pickedSources && [...pickedSources]]);
}
