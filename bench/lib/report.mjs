// Figures as Markdown.
import { cpus } from "node:os";
import { compare } from "./goals.mjs";

const round = (value) =>
  value === undefined || Number.isNaN(value)
    ? "–"
    : value.toLocaleString(
        "en",
        value < 10 ? { maximumFractionDigits: 2 } : { maximumFractionDigits: 0 },
      );
const times = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)}` : "–");

/** A Markdown table. */
function table(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Everything that was measured. */
export function fullReport(results) {
  const parts = [machine(), "### How many times better", ratios(results)];
  for (const [shape, cost] of Object.entries(results.cost ?? {})) {
    parts.push(`### A scrape as text, ${shape}`, costTable(cost, results, shape));
  }
  for (const [title, cost] of Object.entries(results.cases ?? {})) {
    parts.push(`### ${title}`, costTable(cost, {}, ""));
  }
  if (results.application) {
    parts.push(
      "### What the application's own requests feel, L, scraped every second (ms)",
      table(
        ["", "p50", "p99", "max"],
        [...results.application].map(([name, { p50, p99, max }]) => [
          name,
          ...[p50, p99, max].map(round),
        ]),
      ),
    );
  }
  if (results.stalled) {
    parts.push("### 8 clients that never read, L", single(results.stalled, "MB above idle"));
  }
  if (results.rate) {
    parts.push("### 1,000 gauges on one connection", single(results.rate, "requests a second"));
  }
  if (results.footprint) {
    const { rss, load, packageKb } = results.footprint;
    parts.push(
      "### Foot-print",
      single(rss, "RSS when idle, MB"),
      single(load, "import, ms"),
      `Package on disk: ${round(packageKb)} kB, 0 dependencies.`,
    );
  }
  return parts.join("\n\n");
}

/** The few lines that the README shows. */
export function shortReport(results) {
  const row = (label, figures, of = (figure) => figure) =>
    figures && [label, ...SHOWN.map((name) => round(of(figures.get(name) ?? {})))];
  const rows = [
    row("CPU per scrape, 10,000 lines, ms", results.cost?.M, ({ main }) => main),
    row("CPU per scrape, 100,000 lines, ms", results.cost?.L, ({ main }) => main),
    row("time to first byte, ms", results.cost?.L, ({ firstByte }) => firstByte),
    row("longest block of the event loop, ms", results.block?.L),
    row("peak memory above idle, MB", results.peak?.L),
    row("application's own p99, ms", results.application, ({ p99 }) => p99),
  ];
  return [
    table(
      ["", ...SHOWN.map((name) => name.replace("promhttp on", "**promhttp** on"))],
      rows.filter(Boolean),
    ),
    `${machine()} A tenth of the label sets changes between scrapes. From the third row on: 100,000 lines. [All figures](bench/RESULTS.md), \`npm run bench\` repeats them.`,
  ].join("\n\n");
}

const SHOWN = [
  "prom-client",
  "promhttp on prom-client",
  "@prometheus-io/client",
  "promhttp on @prometheus-io",
  "OpenTelemetry exporter",
];

function machine() {
  const processors = cpus();
  return `Node ${process.versions.node}, ${processors.length} cores of ${processors[0]?.model}; medians.`;
}

function ratios(results) {
  const rows = compare(results).map(({ figure, goals, ratios: [promClient, prometheusIo] }) => {
    const goal = goals.map(times).join(" / ");
    const isMet = goals.every((least, index) => [promClient, prometheusIo][index] >= least);
    return [figure, times(promClient), times(prometheusIo), goal, isMet ? "yes" : "no"];
  });
  return table(["", "prom-client", "@prometheus-io/client", "goal", "met"], rows);
}

function costTable(cost, { block, peak }, shape) {
  const rows = [...cost].map(([name, { main, all, wall, firstByte, bytes, spread }]) => [
    name,
    `${round(main)} ± ${Math.round(spread * 100)} %`,
    ...[
      all,
      wall,
      firstByte,
      bytes / 1_000,
      block?.[shape]?.get(name),
      peak?.[shape]?.get(name),
    ].map(round),
  ]);
  return table(
    [
      "",
      "main-thread CPU, ms",
      "process CPU, ms",
      "wall, ms",
      "first byte, ms",
      "kB",
      "longest block, ms",
      "peak, MB",
    ],
    rows,
  );
}

function single(figures, unit) {
  return table(
    ["", unit],
    [...figures].map(([name, value]) => [name, round(value)]),
  );
}
