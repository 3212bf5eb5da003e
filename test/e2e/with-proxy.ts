import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";

/**
 * Makes a configuration of nginx that keeps all its files in a folder.
 *
 * @param location The directives of its only location, which is at `port` of the loopback.
 */
export function nginxConfiguration(folder: string, port: number, location: string): string {
  return `
daemon off;
pid ${folder}/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
${location}
    }
  }
}
`;
}

/**
 * Runs a proxy with a configuration file, until `run` is done.
 *
 * @param configure Makes the configuration, for a folder of its own.
 * @param run Gets what waits for a line of the proxy's output.
 */
export async function withProxy(
  program: string,
  flags: (file: string) => readonly string[],
  configure: (folder: string) => string | Promise<string>,
  run: (line: (pattern: RegExp) => Promise<void>) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const file = join(folder, "proxy.conf");
    await writeFile(file, await configure(folder));
    const child = spawn(program, flags(file), { stdio: "pipe" });
    const lines: string[] = [];
    let onLine = () => {};
    for (const output of [child.stdout, child.stderr]) {
      createInterface(output).on("line", (line) => {
        lines.push(line);
        onLine();
      });
    }
    const line = (pattern: RegExp) =>
      within(
        `the line ${pattern} of ${program}`,
        new Promise<void>((resolve) => {
          onLine = () => {
            if (lines.some((candidate) => pattern.test(candidate))) resolve();
          };
          onLine();
        }),
      );
    try {
      await run(line);
    } finally {
      child.kill("SIGTERM");
      // Its streams count as open sockets until then.
      await once(child, "close");
    }
  });
}
