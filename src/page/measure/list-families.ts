import type { MetricFamily } from "../../model/metric-family.ts";
import { PAUSE } from "./label-values.ts";
import { isolated, measureFamily, type OnFailure } from "./measure-families.ts";

/** A family as the script of the page gets it. */
export type ListedFamily = readonly [
  name: string,
  type: string,
  help: string,
  labelSets: number,
  series: number,
  labels: readonly string[],
];

/** Of an endless number of families, a browser gets these: about 20 MB. */
const MAX_FAMILIES = 100_000;

/** The page shows only the beginning of what is longer; one more character tells that it is. */
const MAX_NAME_LENGTH = 201;
const MAX_HELP_LENGTH = 301;
const MAX_LABEL_LENGTH = 61;

/** The size of a part, in UTF-16 code units: some 100 families, which take about 0.2 ms. */
const PART_LENGTH = 16 * 1_024;

/**
 * Lists all families for the search of a page that shows only the largest: the parts of a JSON array
 * of `ListedFamily`. A pause is an empty chunk.
 *
 * @param onFailure Called for a family that throws; it is skipped.
 */
export function* listFamilies(
  families: readonly MetricFamily[],
  onFailure: OnFailure,
): Generator<Uint8Array, readonly Uint8Array[], undefined> {
  const json: Uint8Array[] = [];
  let text = "[";
  let comma = "";
  for (const family of families.slice(0, MAX_FAMILIES)) {
    const size = yield* isolated(family, measureFamily(family), onFailure);
    if (size === undefined) continue;
    const listed: ListedFamily = [
      size.name.slice(0, MAX_NAME_LENGTH),
      size.type,
      size.help.slice(0, MAX_HELP_LENGTH),
      size.labelSets,
      size.series,
      size.labels.map(({ name }) => name.slice(0, MAX_LABEL_LENGTH)),
    ];
    text += comma + JSON.stringify(listed);
    comma = ",";
    if (text.length < PART_LENGTH) continue;
    json.push(Buffer.from(text));
    text = "";
    yield PAUSE;
  }
  json.push(Buffer.from(`${text}]\n`));
  return json;
}
