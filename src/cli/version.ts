import { createRequire } from "node:module";

/** What `--version` shows. */
export function versionLine(): string {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  return `promhttp, version ${version} (node ${process.version}, ${process.platform}/${process.arch})`;
}
