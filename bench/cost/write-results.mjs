import { readFileSync, writeFileSync } from "node:fs";

const MAJOR = process.versions.node.split(".")[0];

/** The version of Node whose figures the README shows: the oldest that is supported. */
const README_MAJOR = "20";

/** Renews the figures of this version of Node in bench/RESULTS.md, and maybe those of the README. */
export function writeResults(full, short) {
  renew("../RESULTS.md", `bench ${MAJOR}`, full);
  if (MAJOR === README_MAJOR) renew("../../README.md", "bench", short);
}

/** Renews a part of bench/RESULTS.md that has its own name, for this version of Node. */
export function writePart(name, report) {
  renew("../RESULTS.md", `${name} ${MAJOR}`, report);
}

/** Puts a text between `<!-- name -->` and `<!-- /name -->`. */
function renew(file, name, text) {
  const url = new URL(file, import.meta.url);
  const old = readFileSync(url, "utf8");
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [old.indexOf(start) + start.length, old.indexOf(end)];
  if (from < start.length || to < from) throw new Error(`${file} lacks ${start} … ${end}`);
  writeFileSync(url, `${old.slice(0, from)}\n${text}\n${old.slice(to)}`);
}
