// Figures as Markdown.
import { cpus } from "node:os";
import { bounds, COMPARISONS, compare, main, ratio } from "./goals.mjs";
import { LIBRARIES } from "./libraries.mjs";

const round = (value) =>
  Number.isFinite(value)
    ? value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 })
    : "–";
const showAny = (value) => (typeof value === "string" ? value : round(value));
const times = (value) => {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0);
};

const COST = [
  ["main-thread CPU, ms", ({ main, spread }) => `${round(main)} ± ${Math.round(spread * 100)} %`],
  ["processes: from to, ms", ({ processes, ranges }) => rangeOf(processes, ranges?.main)],
  ["process CPU, ms", ({ all }) => all],
  ["wall, ms", ({ wall }) => wall],
  ["first byte, ms", ({ firstByte }) => firstByte],
  ["kB", ({ bytes }) => bytes / 1_000],
];
const PEAK = [["peak, MB above a process that is not scraped", ({ peak }) => peak]];
const LONGEST = [["longest block, ms", ({ longest }) => longest]];

const WORKERS = [
  ["hub: CPU, ms", ({ hub }) => hub],
  ["longest block, ms", ({ longest }) => longest],
  ["member: CPU, ms", ({ member }) => member],
  ["wall, ms", ({ wall }) => wall],
  ["first byte, ms", ({ firstByte }) => firstByte],
  ["kB", ({ bytes }) => bytes / 1_000],
];
const JOINING = [
  ["longest block of the hub, ms of CPU", ({ longest }) => longest],
  ["its memory for them, MB", ({ memory }) => memory],
  ["with the bytes kept for the next body, MB", ({ all }) => all],
];

const OVER_SDK = [
  ["main-thread CPU, ms", ({ main, spread }) => `${round(main)} ± ${Math.round(spread * 100)} %`],
  ["processes: from to, ms", ({ processes, ranges }) => rangeOf(processes, ranges?.main)],
  ["process CPU, ms", ({ all }) => all],
  ["longest block, ms", ({ longest }) => longest],
  ["first byte, ms", ({ firstByte }) => firstByte],
  ["wall, ms", ({ wall }) => wall],
];

const LATENCY = [
  ["p50", ({ p50 }) => p50],
  ["p99", ({ p99 }) => p99],
  ["max", ({ max }) => max],
];
const STUCK = [
  ["the first, at most, ms", ({ early }) => early],
  ["later ones, ms", ({ late }) => late],
  ["at most", ({ latest }) => latest],
];

/** The tables of a report: where a figure comes from (`steps.mjs`), and its columns. */
const TABLES = [
  ["A scrape as text, S", "S", "cost", COST],
  ["A scrape as text, S0", "S0", "cost", COST],
  ["A scrape as text, M", "M", "cost", COST],
  ["A scrape as text, L", "L", "cost", COST],
  ["A scrape as text, XL, `maxKeptBytes` 256 MiB", "XL", "cost", COST],
  ["The longest block of the event loop, L", "L", "block", LONGEST],
  ["The longest block of the event loop, XL", "XL", "block", LONGEST],
  ["Peak memory, L, 20 scrapes, one every 15 seconds", "15 s apart", "peak", PEAK],
  ["Peak memory, XL, four scrapes in a row", "XL", "peak", PEAK],
  ["One scrape a second, S0", "1 s apart", "cost", COST],
  ["One scrape every 15 seconds, S0", "15 s apart", "cost", COST],
  ["Two scrapers at once, L", "many scrapers", "two", COST],
  ["Four scrapers at once, L", "many scrapers", "four", COST],
  ["Ours with gzip, theirs without, L", "formats", "gzip", COST],
  ["OpenMetrics, L", "formats", "openmetrics", COST],
  ["protobuf, L", "formats", "protobuf", COST],
  [
    "A client that reads 4 MB a second, L",
    "clients",
    "slow",
    [
      ["main-thread CPU, ms", ({ main }) => main],
      ["process CPU, ms", ({ all }) => all],
      ["wall, ms", ({ wall }) => wall],
      ["peak, MB", ({ peak }) => peak],
    ],
  ],
  [
    "8 clients that never read, L",
    "clients",
    "stalled",
    [
      ["peak, MB above idle", ({ peak }) => peak],
      ["kept, MB above idle", ({ kept }) => kept],
    ],
  ],
  [
    "Latency of the application's own requests, L, scraped every second (ms)",
    "clients",
    "application",
    LATENCY,
  ],
  [
    "1,000 gauges on one connection",
    "rate",
    "rate",
    [["requests a second", ({ perSecond }) => perSecond]],
  ],
  ["Four workers, one target, S0 in each", "4 workers", "S0", WORKERS],
  ["Four workers, one target, M in each", "4 workers", "M", WORKERS],
  ["Four workers, one target, L in each", "4 workers", "L", WORKERS],
  ["Four members join a hub, L in each", "4 workers", "joining", JOINING],
  ["OpenTelemetry, S0", "OpenTelemetry", "S0", OVER_SDK],
  ["OpenTelemetry, M", "OpenTelemetry", "M", OVER_SDK],
  ["OpenTelemetry, L", "OpenTelemetry", "L", OVER_SDK],
  ["OpenTelemetry, peak memory, L, 20 scrapes, one every 5 seconds", "OpenTelemetry", "peak", PEAK],
  ["In a thread, S", "thread", "S", COST],
  ["In a thread, S0", "thread", "S0", COST],
  ["In a thread, M", "thread", "M", COST],
  ["In a thread, L", "thread", "L", COST],
  ["In a thread, XL, `maxKeptBytes` 256 MiB", "thread", "XL", COST],
  [
    "In a thread, latency of the application's own requests, L, scraped every second (ms)",
    "thread",
    "application",
    LATENCY,
  ],
  [
    "In a thread, scrapes while the event loop of the application is stuck for 5 s, L",
    "thread",
    "stuck",
    STUCK,
  ],
];

/** Everything that was measured. */
export function fullReport(results) {
  const parts = [machine(), ...goalTables(results)];
  if (results.XL) parts.push("### CPU of the main thread, times ours", againstTable(results));
  for (const [title, step, measure, columns] of TABLES) {
    const figures = results[step]?.[measure];
    if (figures?.size > 0) parts.push(`### ${title}`, tableOf(figures, columns));
  }
  if (results.footprint) {
    parts.push("### Footprint", ...footprintTables(results.footprint.footprint));
  }
  return parts.join("\n\n");
}

/** The few lines that the README shows. */
export function shortReport(results) {
  const { M, L, clients } = results;
  const row = (label, figures, of) => [
    label,
    ...SHOWN.map((name) => round(figures?.has(name) ? of(figures.get(name)) : Number.NaN)),
  ];
  return [
    table(
      ["", ...SHOWN.map((name) => name.replace("promhttp on", "**promhttp** on"))],
      [
        row("CPU per scrape, 10,000 lines, ms", M.cost, main),
        row("CPU per scrape, 100,000 lines, ms", L.cost, main),
        row("time to first byte, ms", L.cost, ({ firstByte }) => firstByte),
        row("longest block of the event loop, ms", L.block, ({ longest }) => longest),
        row("peak memory above idle, MB", results["15 s apart"].peak, ({ peak }) => peak),
        row("application's own p99, ms", clients.application, ({ p99 }) => p99),
      ],
    ),
    `${machine()} A tenth of the label sets changes between scrapes. Rows three to six: 100,000 lines; peak memory with a scrape every 15 seconds. \`npm run bench\` in the repository repeats them; \`bench/RESULTS.md\` has all figures.`,
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
  return COMPARISONS.flatMap((comparison) =>
    [
      ["### How many times better", compare(results, comparison), times, isAtLeast],
      ["### What should be low", bounds(results, comparison), round, isAtMost],
    ]
      .filter(([, rows]) => rows.length > 0)
      .flatMap(([title, rows, show, isMet]) => [
        `${title}${comparison.suffix}`,
        goalTable(comparison.pairs, rows, show, isMet),
      ]),
  );
}

function goalTable(pairs, rows, show, isMet) {
  return table(
    ["", ...pairs.map(({ rival }) => rival), "goal", "met", "processes"],
    rows.map(({ title, goals, values, processes = 1 }) => [
      title,
      ...values.map(show),
      [...new Set(goals)].join(" / "),
      values.every((value, index) => Number.isNaN(value) || isMet(value, goals[index]))
        ? "yes"
        : "no",
      processes,
    ]),
  );
}

/** Every rival of each of ours, at the shapes at which they were measured. */
function againstTable(results) {
  const shapes = ["S", "S0", "M", "L", "XL"].filter((shape) => shape in results);
  const rows = LIBRARIES.flatMap(({ rival: library, ours }) =>
    [library, "OpenTelemetry exporter", "@promster/server", "static bytes"].map((rival) => [
      library,
      rival,
      ...shapes.map((shape) => times(ratio(results[shape].cost, { rival, ours }, main))),
    ]),
  );
  return table(["promhttp on", "rival", ...shapes], rows);
}

function rangeOf(processes = 1, range = []) {
  return processes === 1 ? "1" : `${processes}: ${range.map(round).join(" to ")}`;
}

function footprintTables({ memory, load, installs, entry }) {
  const withoutAny = memory.get("node:http").lived;
  const columns = [
    ["RSS of a new process, MB", ({ fresh }) => fresh],
    ["above its client library", ({ freshAbove }) => freshAbove],
    ["RSS after warm-up, MB", ({ lived }) => lived],
    ["above its client library", ({ livedAbove }) => livedAbove],
    ["above node:http", ({ lived }) => lived - withoutAny],
  ];
  return [
    tableOf(memory, columns, (value) => (Number.isFinite(value) ? value.toFixed(2) : "–")),
    "With one V8 thread. A process has warmed up once it has used all of its memory for young objects.",
    tableOf(load, [["import above that of an empty module, ms", itself]]),
    tableOf(installs, [
      ["packages", ({ packages }) => packages],
      ["kB on disk", ({ kb }) => kb],
    ]),
    `The entry loads ${entry.files} files of ${round(entry.kb)} kB.`,
  ];
}

/** A table of figures by name; a column has a title, and a function that takes its value. */
function tableOf(figures, columns, show = showAny) {
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
