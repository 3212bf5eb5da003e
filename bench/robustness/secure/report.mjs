// Writes the figures as tables.
import { availableParallelism, cpus } from "node:os";
import { versionOfNodeExporter } from "./exporters.mjs";

/** Writes all figures. */
export function reportOf({ tls, ours, theirs }) {
  const host = `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} × ${cpus()[0]?.model}.`;
  const titles = ["promhttp", ...(theirs ? [`node_exporter ${versionOfNodeExporter()}`] : [])];
  const sides = theirs ? [ours, theirs] : [ours];
  const rows = ROWS.map(([text, ordeal, show]) => [
    text,
    ...sides.map((figures) => show(figures[ordeal])),
  ]);
  const costs = Object.entries(tls).map(([shape, { plain, tls: secure }]) => [
    shape,
    `${plain.toFixed(2)} ms`,
    `${secure.toFixed(2)} ms`,
    `${(secure / plain).toFixed(2)}`,
  ]);
  return [
    host,
    tableOf(["while it is scraped every 50 ms", ...titles], rows),
    tableOf(["one scrape, CPU of the main thread", "plain", "TLS and password", "ratio"], costs),
  ].join("\n\n");
}

const SILENT = "300 silent connections";
const PASSWORDS = "500 wrong passwords";
const RELOADS = "1,000 reloads";

/** What is shown: in words, of which ordeal, and how. */
const ROWS = [
  [`${SILENT}: longest delay of the event loop`, SILENT, delayOf],
  [`${SILENT}: the same, time on the CPU`, SILENT, blockOf],
  [`${SILENT}: longest scrape`, SILENT, longest],
  [`${SILENT}: scrapes that failed`, SILENT, failed],
  [`${SILENT}: open after 1 s`, SILENT, ({ held }) => `${held}`],
  [`${SILENT}: open after 8 s`, SILENT, ({ left }) => `${left}`],
  [`${SILENT}: memory of each`, SILENT, ({ bytesEach }) => `${(bytesEach / 1_024).toFixed(1)} KiB`],
  [`${PASSWORDS}: longest delay of the event loop`, PASSWORDS, delayOf],
  [`${PASSWORDS}: the same, time on the CPU`, PASSWORDS, blockOf],
  [`${PASSWORDS}: longest scrape`, PASSWORDS, longest],
  [`${PASSWORDS}: scrapes that failed`, PASSWORDS, failed],
  [`${PASSWORDS}: all answered after`, PASSWORDS, ({ seconds }) => `${seconds.toFixed(1)} s`],
  [`${PASSWORDS}: answers`, PASSWORDS, answers],
  [`${RELOADS}: longest delay of the event loop`, RELOADS, delayOf],
  [`${RELOADS}: the same, time on the CPU`, RELOADS, blockOf],
  [`${RELOADS}: longest scrape`, RELOADS, longest],
  [`${RELOADS}: scrapes that failed`, RELOADS, failed],
  [`${RELOADS}: handshakes that failed`, RELOADS, (row) => `${row.failedHandshakes}`],
  [`${RELOADS}: memory, after the last 700`, RELOADS, grown],
];

function delayOf({ delay }) {
  return delay === undefined ? "" : `${delay.wallMs.toFixed(0)} ms`;
}

function blockOf({ delay }) {
  return delay === undefined ? "" : `${delay.cpuMs.toFixed(0)} ms`;
}

function longest({ longestMs }) {
  return `${longestMs.toFixed(0)} ms`;
}

function failed({ failed: count, scrapes }) {
  return `${count} of ${scrapes}`;
}

function answers({ statuses }) {
  const parts = Object.entries(statuses).map(([status, count]) =>
    status === "0" ? `${count} × none` : `${count} × ${status}`,
  );
  return parts.join(", ");
}

function grown({ grownBytes }) {
  return `${grownBytes < 0 ? "−" : "+"}${Math.abs(grownBytes / 2 ** 20).toFixed(1)} MiB`;
}

function tableOf(titles, rows) {
  const lines = [titles, titles.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
