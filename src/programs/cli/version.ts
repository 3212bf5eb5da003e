import { VERSION } from "../../version.ts";

/** What `--version` shows. */
export function versionLine(): string {
  return `promhttp, version ${VERSION} (node ${process.version}, ${process.platform}/${process.arch})`;
}
