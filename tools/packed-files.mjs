import { execSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The files that npm would publish, each with its size in bytes.
 *
 * @returns {readonly { readonly path: string; readonly size: number }[]}
 */
export function packedFiles() {
  const cwd = fileURLToPath(new URL("../", import.meta.url));
  const output = execSync("npm pack --dry-run --json --ignore-scripts", {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(output)[0].files;
}
