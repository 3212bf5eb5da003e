// Does to several workers that are one target what happens to them, with the aggregators of the client
// libraries and with promhttp, and shows what becomes of them.
//
//   npm run build && npm ci --prefix bench && node bench/robustness/workers/run.mjs [row …] [target …]
//
// Without rows it runs all, for about 15 minutes, and prints the table; ✓ is as it should be, – does not
// apply. A target whose library needs another Node than this takes one of test/runtimes, or is left out.
import { Application } from "./application.mjs";
import { ROWS } from "./rows.mjs";
import { TARGETS } from "./targets.mjs";

const isNumber = (text) => /^\d+$/.test(text);
const chosen = process.argv.slice(2);
const numbers = chosen.filter(isNumber).map(Number);
const names = chosen.filter((text) => !isNumber(text));

const rows = ROWS.filter(({ row }) => numbers.length === 0 || numbers.includes(row));
const targets = Object.entries(TARGETS).filter(
  ([name]) => names.length === 0 || names.some((part) => name.includes(part)),
);
for (const [name] of targets.filter(([, { node }]) => node === undefined)) {
  console.error(`Skipped ${name}: it needs a newer Node (npm ci --prefix test/runtimes)`);
}
const runnable = targets.filter(([, { node }]) => node !== undefined);

console.log(lineOf(["#", "fault or promise", ...runnable.map(([name]) => name)]));
console.log(lineOf(["---", "---", ...runnable.map(() => "---")]));
for (const row of rows) {
  const cells = [];
  for (const [, target] of runnable) cells.push(await verdictOf(row, target));
  console.log(lineOf([row.row, row.title, ...cells]));
}

function lineOf(cells) {
  return `| ${cells.join(" | ")} |`;
}

/** What becomes of a target in one row. */
async function verdictOf(row, target) {
  if (row.only !== undefined && row.only !== target.kind) return "–";
  if (row.isOursOnly && !target.isOurs) return "–";
  const variant = row.variant === undefined ? target : row.variant(target);
  if (variant === undefined) return "–";
  let app;
  try {
    if (row.isWithoutApplication) await row.run(variant);
    else {
      app = await Application.start(variant, row);
      await row.run(app, variant);
    }
    // What it has broken may show a moment later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const crash = crashOf(app, row);
    return crash === undefined ? "✓" : `✗ ${crash}`;
  } catch (error) {
    return `✗ ${crashOf(app, row) ?? briefly(error)}`;
  } finally {
    await app?.stop();
  }
}

function crashOf(app, { survives = "hub" }) {
  if (app === undefined) return undefined;
  const [crash] = app.crashes.split("\n").filter(Boolean);
  if (crash !== undefined) return `**crash**: ${crash}`;
  return survives === "hub" && app.hub?.isGone ? "**the hub has ended**" : undefined;
}

function briefly(error) {
  if (process.env.BENCH_VERBOSE) return error.stack;
  return error.message.split("\n")[0].replaceAll("|", "\\|").slice(0, 120);
}
