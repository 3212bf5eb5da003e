// What of src/ the tests have run: names the lines that they have not, and holds folders to bounds.
import { relative, sep } from "node:path";
import { Report } from "c8";

/** The least that must run of each folder, in per cent. */
const BOUNDS = [
  { folder: "src", lines: 98, branches: 95 },
  // Node 20 lacks zstd, so it cannot run all of the compression.
  { folder: "src/exposition", except: "src/exposition/compression", lines: 100, branches: 100 },
];

/**
 * Prints the coverage of a run, and tells whether it is within the bounds.
 *
 * @param counts The folder of what V8 has counted in each process.
 */
export async function checkCoverage(counts) {
  const report = Report({
    tempDirectory: counts,
    include: ["src/**"],
    // It runs in a browser: `npm run test:e2e`.
    exclude: ["src/page/browser/**"],
    reporter: ["text"],
    skipFull: true,
    resolve: "",
    omitRelative: true,
    excludeNodeModules: true,
    mergeAsync: true,
  });
  await report.run();
  const coverage = await report.getCoverageMapFromAllCoverageFiles();
  return BOUNDS.map((bound) => isWithin(coverage, bound)).every(Boolean);
}

function isWithin(coverage, { folder, except, ...least }) {
  const summaries = coverage
    .files()
    .filter((file) => isIn(file, folder) && !(except && isIn(file, except)))
    .map((file) => coverage.fileCoverageFor(file).toSummary());
  // A folder that has moved must not pass as an empty one.
  if (summaries.length === 0) throw new Error(`Cannot find coverage of ${folder}`);
  const total = summaries.reduce((sum, summary) => sum.merge(summary));
  const missed = Object.entries(least).filter(([what, percent]) => total[what].pct < percent);
  for (const [what, percent] of missed)
    console.error(
      `Coverage of ${what} in ${folder} must be ${percent} %, got ${total[what].pct} %`,
    );
  return missed.length === 0;
}

function isIn(file, folder) {
  return relative(process.cwd(), file).replaceAll(sep, "/").startsWith(`${folder}/`);
}
