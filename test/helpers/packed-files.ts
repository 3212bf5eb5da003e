import { execSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The paths of the files that npm would publish. */
export function packedFiles(): string[] {
  const output = execSync("npm pack --dry-run --json --ignore-scripts", {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(output);
  return files.map(({ path }: { readonly path: string }) => path);
}
