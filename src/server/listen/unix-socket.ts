/**
 * A unix socket of our own: whoever may write to it may connect. At first only its owner may; then it is given
 * to its group, and at last it gets the permissions of `socketMode`. A socket that a killed process has left
 * behind is replaced; nothing else is. The folder is the operator's. On Windows such a path names a pipe, which
 * has no mode.
 */
import type { Server as NetServer } from "node:net";
import { nodeModule } from "../../node.ts";
import { bind, type ListenParts } from "./bind.ts";
import { HAS_FILES, isClusterWorker, isMainThread, newMode, withMask } from "./environment.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/** Leaves a new socket to its owner. */
const PRIVATE_MASK = 0o177;

/** The permissions with which others than the owner can connect. */
const OPEN_TO_OTHERS = 0o022;

const OPEN_TO_GROUP = 0o020;

/**
 * Lets a server listen on a unix socket.
 *
 * @throws {Error} What the system says, or why others cannot be kept out. Then nothing listens.
 */
export async function bindUnixSocket(
  server: NetServer,
  path: string,
  parts: ListenParts,
): Promise<void> {
  try {
    await bindPrivately(server, path, parts);
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!isTaken || !(await removeStaleSocket(path))) throw explained(error, path);
    await bindPrivately(server, path, parts);
  }
  try {
    if (HAS_FILES) await openToOthers(path, parts.options);
  } catch (error) {
    await new Promise((resolve) => server.close(resolve));
    // With `--permission` the system is not even asked: the message says which permission is missing.
    const reason = `its mode or group cannot be set: ${(error as Error).message}`;
    throw new Error(reason, { cause: error });
  }
}

/** libuv says EACCES for a folder that is missing, as Windows does. */
function explained(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "EACCES" || !HAS_FILES) return error;
  const folder = nodeModule("node:path").dirname(path);
  if (nodeModule("node:fs").existsSync(folder)) return error;
  return Object.assign(new Error(`${folder} is missing`, { cause: error }), { code: "ENOENT" });
}

function bindPrivately(server: NetServer, path: string, parts: ListenParts): Promise<void> {
  const listen = () => bind(server, { path }, parts);
  // The system has made the socket when this returns, so nothing else is made with this mask.
  if (isMainThread() && (parts.sharing === "never" || !isClusterWorker()))
    return withMask(PRIVATE_MASK, listen);
  if (HAS_FILES) assertMaskSuffices(parts.options);
  return listen();
}

/** Refuses to make a socket that would be open, for a moment, to users that its mode excludes. */
function assertMaskSuffices({ socketMode, socketGroup }: ListenParts["options"]): void {
  // Until it is given to another group, the group is that of the process.
  const allowed = socketGroup === undefined ? socketMode : socketMode & ~OPEN_TO_GROUP;
  const mode = newMode();
  if ((mode & ~allowed & OPEN_TO_OTHERS) === 0) return;
  const shown = mode.toString(8).padStart(4, "0");
  throw new Error(
    `the umask makes it with mode ${shown}, and only the main thread of a process that is not a` +
      " cluster worker can change that",
  );
}

async function openToOthers(
  path: string,
  { socketMode, socketGroup }: ListenParts["options"],
): Promise<void> {
  const { chmod, lchown } = nodeModule("node:fs/promises");
  // -1 leaves the owner as it is.
  if (socketGroup !== undefined) await lchown(path, -1, socketGroup);
  await chmod(path, socketMode);
}
