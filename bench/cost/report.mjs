// Figures as Markdown.
import { cpus } from "node:os";
import { bounds, compare, main, RIVALS, ratio } from "./goals.mjs";

const round = (value) =>
  Number.isFinite(value)
    ? value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 })
    : "–";
const times = (value) => {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0);
};

/** Everything that was measured. */
export function fullReport(results) {
  const {
    cost = {},
    block = {},
    peak = {},
    cases = {},
    application,
    stalled,
    slow,
    rate,
    footprint,
  } = results;
  const parts = [machine(), ...goalTables(results)];
  const add = (title, ...texts) => parts.push(`### ${title}`, ...texts);

  if (results.peak) add("CPU of the main thread, times ours", againstTable(cost));
  for (const [shape, figures] of Object.entries(cost)) {
    const extra = { "longest block, ms": block[shape], "peak, MB": peak[shape] };
    add(`A scrape as text, ${shape}`, costTable(figures, extra));
  }
  for (const [title, figures] of Object.entries(cases)) add(title, costTable(figures));
  if (slow) {
    const columns = [
      ["main-thread CPU, ms", ({ main }) => main],
      ["process CPU, ms", ({ all }) => all],
      ["wall, ms", ({ wall }) => wall],
      ["peak, MB", ({ peak }) => peak],
    ];
    add("A client that reads 4 MB a second, L", tableOf(slow, columns));
  }
  if (stalled) {
    const columns = [
      ["peak, MB above idle", ({ peak }) => peak],
      ["kept, MB above idle", ({ kept }) => kept],
    ];
    add("8 clients that never read, L", tableOf(stalled, columns));
  }
  if (application) {
    const columns = [
      ["p50", ({ p50 }) => p50],
      ["p99", ({ p99 }) => p99],
      ["max", ({ max }) => max],
    ];
    const title = "What the application's own requests feel, L, scraped every second (ms)";
    add(title, tableOf(application, columns));
  }
  if (rate) add("1,000 gauges on one connection", tableOf(rate, [["requests a second", itself]]));
  if (footprint) add("Foot-print", ...footprintTables(footprint));
  return parts.join("\n\n");
}

/** The few lines that the README shows. */
export function shortReport({ cost, block, peak, application }) {
  const row = (label, figures, of = itself) => [
    label,
    ...SHOWN.map((name) => round(figures?.has(name) ? of(figures.get(name)) : Number.NaN)),
  ];
  return [
    table(
      ["", ...SHOWN.map((name) => name.replace("promhttp on", "**promhttp** on"))],
      [
        row("CPU per scrape, 10,000 lines, ms", cost.M, ({ main }) => main),
        row("CPU per scrape, 100,000 lines, ms", cost.L, ({ main }) => main),
        row("time to first byte, ms", cost.L, ({ firstByte }) => firstByte),
        row("longest block of the event loop, ms", block.L),
        row("peak memory above idle, MB", peak?.L),
        row("application's own p99, ms", application, ({ p99 }) => p99),
      ],
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

const itself = (figure) => figure;

function machine() {
  const processors = cpus();
  return `Node ${process.versions.node}, ${processors.length} cores of ${processors[0]?.model}; medians.`;
}

function goalTables(results) {
  const isAtLeast = (value, goal) => value >= goal;
  const isAtMost = (value, goal) => value <= goal;
  return [
    ["### How many times better", compare(results), times, isAtLeast],
    ["### What should be low", bounds(results), round, isAtMost],
  ]
    .filter(([, rows]) => rows.length > 0)
    .flatMap(([title, rows, show, isMet]) => [title, goalTable(rows, show, isMet)]);
}

function goalTable(rows, show, isMet) {
  return table(
    ["", "prom-client", "@prometheus-io/client", "goal", "met"],
    rows.map(({ figure, goals, values }) => [
      figure,
      ...values.map(show),
      [...new Set(goals.map(show))].join(" / "),
      values.every((value, index) => isMet(value, goals[index])) ? "yes" : "no",
    ]),
  );
}

function againstTable(cost) {
  return table(
    ["promhttp on", "rival", ...Object.keys(cost)],
    RIVALS.map(({ library, rival, ours }) => [
      library,
      rival,
      ...Object.values(cost).map((figures) => times(ratio(figures, { rival, ours }, main))),
    ]),
  );
}

/** @param extra More columns: figures by name, by title. */
function costTable(cost, extra = {}) {
  const columns = [
    ["main-thread CPU, ms", ({ main, spread }) => `${round(main)} ± ${Math.round(spread * 100)} %`],
    ["process CPU, ms", ({ all }) => all],
    ["wall, ms", ({ wall }) => wall],
    ["first byte, ms", ({ firstByte }) => firstByte],
    ["kB", ({ bytes }) => bytes / 1_000],
  ];
  for (const [title, figures] of Object.entries(extra)) {
    if (figures) columns.push([title, (_figure, name) => figures.get(name)]);
  }
  return tableOf(cost, columns, (value) => (typeof value === "string" ? value : round(value)));
}

function footprintTables({ memory, load, installs, entry }) {
  const withoutAny = memory.get("node:http").lived;
  const columns = [
    ["RSS of a new process, MB", ({ fresh }) => fresh],
    ["above its client library", ({ freshAbove }) => freshAbove],
    ["RSS when it has lived, MB", ({ lived }) => lived],
    ["above its client library", ({ livedAbove }) => livedAbove],
    ["above node:http", ({ lived }) => lived - withoutAny],
  ];
  return [
    tableOf(memory, columns, (value) => (Number.isFinite(value) ? value.toFixed(2) : "–")),
    "With one thread of V8. A process has lived when it has once used all memory for young objects.",
    tableOf(load, [["import above that of an empty module, ms", itself]]),
    tableOf(installs, [
      ["packages", ({ packages }) => packages],
      ["kB on disk", ({ kb }) => kb],
    ]),
    `The entry loads ${entry.files} files of ${round(entry.kb)} kB.`,
  ];
}

/** A table of figures by name; a column has a title, and a function that takes its value. */
function tableOf(figures, columns, show = round) {
  return table(
    ["", ...columns.map(([title]) => title)],
    [...figures].map(([name, figure]) => [
      name,
      ...columns.map(([, of]) => show(of(figure, name))),
    ]),
  );
}

/** A Markdown table. */
function table(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
