import type { Server } from "node:net";
import { nodeModule } from "../../node.ts";
import { readEnvironment } from "../environment.ts";

/** A file, whatever its name is. While a socket is bound, no other file gets its numbers. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Which file has a path now; `undefined` if none has. */
export function fileIdOf(path: string): FileId | undefined {
  const { lstatSync } = nodeModule("node:fs");
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && { dev: stats.dev, ino: stats.ino };
}

/** A socket that listens under a name that nobody else uses. */
export interface OwnSocket {
  readonly server: Server;
  readonly path: string;
  readonly id: FileId;
}

/** As `server/listen.ts` has them, because HTTP is spoken here, too. */
const OPTIONS = { allowHalfOpen: true, noDelay: true };

let count = 0;

/**
 * Listens under a name of its own, to be renamed: a server that closes removes the path under which it
 * began to listen, whoever owns that by then.
 */
export async function listenUnderOwnName(prefix: string): Promise<OwnSocket> {
  const { chmodSync, rmSync } = nodeModule("node:fs");
  const { pid, thread } = readEnvironment();
  const path = `${prefix}.${pid}-${thread}-${count++}.sock`;
  // That of a process that had our id and was killed.
  rmSync(path, { force: true });
  const server = nodeModule("node:net").createServer(OPTIONS);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Without `exclusive`, the primary of a cluster would listen, and longer than this worker lives.
    server.listen({ path, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
    server.unref();
  });
  server.on("error", () => {
    // A connection could not be accepted. Whoever made it tries again.
  });
  try {
    chmodSync(path, 0o600);
    const id = fileIdOf(path);
    if (id === undefined) throw new Error(`Socket "${path}" is gone`);
    return { server, path, id };
  } catch (error) {
    server.close();
    throw error;
  }
}
