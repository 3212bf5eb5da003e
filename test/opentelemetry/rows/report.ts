import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import type { Sdk } from "../sdk.ts";
import { ROWS } from "./all-rows.ts";
import { type Row, verdictFor } from "./row.ts";

/** The version of the exporter that belongs to each SDK. */
const EXPORTERS: readonly (readonly [string, Pick<Sdk, "name" | "major">])[] = [
  ["0.57", { name: "sdk-1", major: 1 }],
  ["0.200", { name: "sdk-2.0", major: 2 }],
  ["0.223", { name: "sdk-2", major: 2 }],
  ["0.301", { name: "sdk-3", major: 3 }],
];

const RESULTS = new URL("../../../bench/RESULTS.md", import.meta.url);
const PART = /(?<=<!-- opentelemetry -->\n).*(?=<!-- \/opentelemetry -->)/s;

/** The table that bench/RESULTS.md has. */
export function writtenReport(): string | undefined {
  return PART.exec(readFileSync(RESULTS, "utf8"))?.[0];
}

/** The rows as a table in Markdown: whether promhttp does it, and each version of the exporter. */
export function reportRows(): string {
  const versions = EXPORTERS.map(([version]) => version);
  return [
    ["what is required", "promhttp", ...versions, "what the exporter does instead"],
    ["---", "---", ...versions.map(() => "---"), "---"],
    ...ROWS.map(cellsOf),
  ]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
}

function cellsOf({ requirement, ours = true, exporter, instead = "" }: Row): string[] {
  const sdks = EXPORTERS.map(([, sdk]) => sdk);
  const isOurs = sdks.every((sdk) => verdictFor(ours, sdk));
  const theirs = sdks.map((sdk) => (verdictFor(exporter, sdk) ? "✓" : "✗"));
  return [requirement, isOurs ? "✓" : "as the exporter", ...theirs, instead];
}

// `node --import ./tools/typescript/register.mjs test/opentelemetry/rows/report.ts`
if (argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(RESULTS, readFileSync(RESULTS, "utf8").replace(PART, reportRows));
}
