import type { ExporterFlag, ExporterFlags } from "../../exporter.ts";

/** Where the texts of the help begin, and where they end. */
const COLUMN = 33;
const WIDTH = 100;

/**
 * The part of `--help` that shows the flags of a module.
 *
 * @param module The module, as the command line names it.
 */
export function moduleHelp(module: string, flags: ExporterFlags): string {
  const shown = Object.entries(flags).map(([name, flag]) => helpOf(name, flag));
  if (shown.length === 0) return "";
  return `\nFlags of ${module}, given after it:\n${shown.join("")}`;
}

function helpOf(name: string, flag: ExporterFlag): string {
  const left = `      ${synopsisOf(name, flag)}`;
  const lines = wrap(textOf(flag));
  if (left.length < COLUMN - 1) lines[0] = left.padEnd(COLUMN) + (lines[0] ?? "").trimStart();
  else lines.unshift(left);
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function synopsisOf(name: string, { type, default: value, multiple }: ExporterFlag): string {
  const dots = multiple ? " ..." : "";
  if (type === "boolean") return `--[no-]${name}${dots}`;
  const shown = [value ?? []]
    .flat()
    .map((item) => JSON.stringify(item))
    .join(",");
  return `--${name}=${shown || type.toUpperCase()}${dots}`;
}

function textOf({ help = "", type, default: value, env, required }: ExporterFlag): string {
  const parts = [help.trim()];
  if (required) parts.push("(required)");
  if (type === "boolean" && value === true) parts.push("(on by default)");
  if (env !== undefined) parts.push(`($${env})`);
  return parts.join(" ");
}

/** Breaks a text into the lines of its column. */
function wrap(text: string): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && COLUMN + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`.trimStart();
  }
  return lines.map((line) => " ".repeat(COLUMN) + line);
}
