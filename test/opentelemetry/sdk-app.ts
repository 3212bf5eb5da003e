import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { poll } from "../helpers/poll.ts";
import { type Fixture, forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import type { Sdk } from "./sdk.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Time for a process to load all instrumentations, with others that do the same. */
const START_MS = 60_000;

/** An application in a folder of its own, in which an SDK and this package are installed. */
export interface SdkApp {
  readonly folder: string;
  /** A port that is free, and that its variables name. */
  readonly port: number;
  /**
   * Runs a script of a shell; the last line is replaced by its program, so that signals reach that.
   *
   * @returns The process, and what its endpoint answers as soon as it does.
   */
  run(script: string): Promise<{ readonly process: Fixture; readonly text: string }>;
}

/**
 * Runs a test with an application of an SDK.
 *
 * @param files The text of each file, by its path; 9464 in it becomes the port.
 * @param sign What the metrics show when the application has started.
 */
export async function withSdkApp(
  { folder: sdkFolder }: Sdk,
  { files, sign }: { readonly files: Readonly<Record<string, string>>; readonly sign: RegExp },
  test: (app: SdkApp) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const port = await freePort();
    const modules = join(folder, "node_modules");
    await mkdir(modules);
    await symlink(join(sdkFolder, "node_modules/@opentelemetry"), join(modules, "@opentelemetry"));
    await symlink(ROOT, join(modules, "promhttp"));
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text.replaceAll("9464", `${port}`));
    }
    const env = {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`,
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    };
    const children: Fixture[] = [];
    const run: SdkApp["run"] = async (script) => {
      const line = script.trimEnd().replace(/(^|\n)(?!.*\n)/, "$1exec ");
      const child = forkNode(["-c", line], { cwd: folder, env, program: "sh" });
      children.push(child);
      let text = "";
      const hasStarted = async () => {
        try {
          text = `${(await httpGet(`http://127.0.0.1:${port}/metrics`)).body}`;
        } catch {
          // It does not listen yet.
        }
        return sign.test(text);
      };
      await Promise.race([
        poll(`${sign} in the metrics`, hasStarted),
        child.exit(START_MS).then(({ stderr }) => Promise.reject(new Error(`It ended: ${stderr}`))),
      ]);
      return { process: child, text };
    };
    try {
      await test({ folder, port, run });
    } finally {
      for (const child of children) child.signal("SIGKILL");
    }
  });
}
