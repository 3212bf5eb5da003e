// Does to promhttp and its rivals what happens to servers, and writes down what becomes of them.
//
//   npm run build && npm ci --prefix bench && node bench/robustness/run.mjs [rival …]
//
// Without names it runs all, for about 10 minutes, and writes the matrix into bench/RESULTS.md.
// Needs Linux.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import { FAULTS } from "./faults.mjs";
import { scrape, sleep, Target } from "./target.mjs";

const RIVALS = {
  promhttp: "promhttp",
  "prom-client": "prom-client",
  opentelemetry: "@opentelemetry/exporter-prometheus",
  promster: "@promster/server",
  "prometheus-middleware": "prometheus-middleware",
};

const RESULTS = new URL("../RESULTS.md", import.meta.url);
const START = "<!-- robustness -->";
const END = "<!-- /robustness -->";

const chosen = process.argv.slice(2);
const rivals = chosen.length > 0 ? chosen : Object.keys(RIVALS);

const rows = [];
for (const fault of FAULTS) {
  const cells = [];
  for (const rival of rivals) cells.push(await verdictOf(fault, rival));
  console.log([fault.name, ...cells].join(" | "));
  rows.push([fault.name, ...cells]);
}
if (chosen.length === 0) await writeResults(rows);

/** What becomes of the rival, its process first. */
async function verdictOf({ app = "none", files, inflict, start = true }, rival) {
  if (!start) return inflict(undefined, rival);
  const target = await Target.start(rival, app, { files });
  try {
    const verdict = await inflict(target, rival);
    // What the fault has broken may show a moment later.
    await sleep(100);
    if (target.exit !== undefined) return "**crash**";
    if (app !== "none" && app !== "large") return verdict;
    const { status } = await scrape(target.port);
    if (target.exit !== undefined) return "**crash**";
    return status === 200 ? verdict : "**hang**";
  } finally {
    await target.stop();
  }
}

async function writeResults(rows) {
  const text = await readFile(RESULTS, "utf8");
  const [before, after] = [text.indexOf(START), text.indexOf(END)];
  if (before === -1 || after < before) throw new Error(`RESULTS.md lacks ${START} … ${END}`);
  const table = [["fault", ...rivals.map(titleOf)], rivals.map(() => "---"), ...rows];
  table[1].unshift("---");
  const lines = table.map((cells) => `| ${cells.join(" | ")} |`);
  const host = `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} × ${cpus()[0]?.model}.`;
  const matrix = `${START}\n${host}\n\n${lines.join("\n")}\n`;
  await writeFile(RESULTS, text.slice(0, before) + matrix + text.slice(after));
}

function titleOf(rival) {
  const require = createRequire(import.meta.url);
  const name = RIVALS[rival];
  const { version } =
    rival === "promhttp" ? require("../../package.json") : require(packageOf(name));
  return `${name} ${version}`;
}

/** Not every package exports its package.json. */
function packageOf(name) {
  return new URL(`../node_modules/${name}/package.json`, import.meta.url).pathname;
}
