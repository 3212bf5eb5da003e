import { fileURLToPath } from "node:url";
import { compile } from "./compile.mjs";

/** Gives Node the JavaScript of each TypeScript file, under the file's own URL. */
export function load(url, context, nextLoad) {
  if (!/\.ts(?:\?|$)/.test(url)) return nextLoad(url, context);
  return { format: "module", source: compile(fileURLToPath(url)), shortCircuit: true };
}
