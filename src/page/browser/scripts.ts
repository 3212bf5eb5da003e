/**
 * The scripts of the pages, as text. Without them the pages have everything but search, order and live
 * values.
 *
 * They are written as functions and classes, so that types and lint hold for them, too. A page gets
 * their text, and a call of the first. So they may use what a browser has, and each other where they are
 * listed together, but nothing else of their files. `tools/build.mjs` puts the
 * texts, minified, in place of this file.
 */
import { count, draw, make, placeOf, visible, wordsOf } from "./elements.ts";
import { comparatorOf, elementOf, FamilyList, joinRows, rowOf, startList } from "./list.ts";
import {
  brief,
  isCounterOf,
  LiveSeries,
  lastLookAt,
  pathOf,
  pointsOf,
  rangeOf,
  readable,
  samplesIn,
  seriesRow,
  showSeries,
  startPlot,
} from "./plot.ts";

const SHARED = [make, draw, wordsOf, visible, count, placeOf];

/** Searches and sorts the families. */
export const LIST_SCRIPT: string = scriptOf(
  [startList, FamilyList, rowOf, joinRows, comparatorOf, elementOf, ...SHARED],
  // More rows would make typing slow.
  1_000,
);

/** Shows live values of one family: of five minutes, a scrape every two seconds at most. */
export const PLOT_SCRIPT: string = scriptOf(
  [
    startPlot,
    LiveSeries,
    lastLookAt,
    samplesIn,
    isCounterOf,
    pointsOf,
    pathOf,
    seriesRow,
    showSeries,
    rangeOf,
    brief,
    readable,
    ...SHARED,
  ],
  { everyMs: 2_000, retryMs: 10_000, points: 150, rows: 200 },
);

function scriptOf<Parameter>(
  [start, ...others]: readonly [(parameter: Parameter) => void, ...object[]],
  parameter: Parameter,
): string {
  const parts = [start, ...others] as readonly { readonly name: string }[];
  const texts = parts.map((part) => `const ${part.name} = ${part};`);
  return `(() => {\n${texts.join("\n")}\n${start.name}(${JSON.stringify(parameter)});\n})();`;
}
