import { nodeModule } from "../node.ts";

const { createRequire } = nodeModule("node:module");
const { readFileSync } = nodeModule("node:fs");

/**
 * The library `bcryptjs`, as the text of a CommonJS module for a worker: it sets `module.exports`. The
 * build puts the minified text in place of the code that reads it, as the tools of an application may
 * rewrite code, or leave a file behind, but not a text.
 */
export const BCRYPT_SOURCE: string = readFileSync(
  createRequire(import.meta.url).resolve("bcryptjs"),
  "utf8",
);
