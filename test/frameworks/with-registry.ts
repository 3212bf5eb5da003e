import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { packedArchive, ROOT } from "./with-project.ts";

/** The environment in which npm knows this package as if it were published, and no other package. */
export type RegistryEnv = Readonly<Record<string, string>>;

/** Runs a test with a registry of npm that has only this package, as npm would publish it. */
export async function withRegistry(test: (env: RegistryEnv) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
    const tarball = await readFile(await packedArchive());
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const { name, version } = manifest;
    const server = createServer(({ url, headers }, response) => {
      if (url === "/package.tgz") return response.end(tarball);
      if (url !== `/${name}`) return response.writeHead(404).end("{}");
      const dist = { tarball: `http://${headers.host}/package.tgz`, integrity };
      const versions = { [version]: { ...manifest, dist } };
      return response.end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      await test({
        npm_config_registry: `http://127.0.0.1:${port}`,
        npm_config_cache: join(folder, "cache"),
        npm_config_audit: "false",
        npm_config_update_notifier: "false",
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
}
