// What a probe costs, and what probes that are configured cost a scrape.
//
//   npm run build && npm ci --prefix bench && node bench/probes/run.mjs [--write]
//
//   --write  renews the part of bench/RESULTS.md
//
// It takes about a minute.
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { median } from "../cost/stats.mjs";
import { writePart } from "../cost/write-results.mjs";
import { cpuOfRequest, FIGURES, withExporter } from "./measure.mjs";

const { values: modes } = parseArgs({ options: { write: { type: "boolean", default: false } } });

const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** What is shown of exporters: in words, which figure, and how. */
const ROWS = [
  ["one probe of ten gauges: CPU of the main thread", "cpu", ms],
  ["20 equal probes at once: runs", "equalRuns", String],
  ["100 different probes at once, of 100 ms each: all answered after", "differentMs", ms],
  ["100 probes that hang, and whose clients leave: runs that go on", "leftRuns", String],
  ["a scrape of 1,000 lines while 100 probes hang: CPU of the main thread", "scrapeCpu", ms],
  ["20,000 different targets: heap that is left", "keptBytes", (bytes) => kib(bytes)],
];

function kib(bytes) {
  return `${bytes < 0 ? "−" : "+"}${Math.abs(bytes / 1_024).toFixed(0)} KiB`;
}

const EXPORTERS = { promhttp: "promhttp", "by hand over prom-client": "prom-client" };

const rows = [];
for (const [text, figure, show] of ROWS) {
  const cells = [];
  for (const program of Object.values(EXPORTERS)) {
    cells.push(show(await withExporter(program, [], FIGURES[figure])));
  }
  rows.push([text, ...cells]);
}

const scrape = (exporter) => cpuOfRequest(exporter, () => "/metrics");
const [withProbe, without] = [[], []];
for (let turn = 0; turn < 3; turn++) {
  withProbe.push(await withExporter("promhttp", [], scrape));
  without.push(await withExporter("promhttp", ["without"], scrape));
}

const report = [
  `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} × ${cpus()[0]?.model}.`,
  table(["", ...Object.keys(EXPORTERS)], rows),
  `A scrape of 1,000 lines takes ${ms(median(without))} of the main thread, and ${ms(median(withProbe))} where the server has a probe as well.`,
].join("\n\n");
console.log(report);
if (modes.write) writePart("probes", report);

function table(head, lines) {
  return [head, head.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
