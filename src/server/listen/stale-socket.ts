import { nodeModule } from "../../node.ts";

/**
 * Removes the unix socket that a process left behind when it was killed.
 *
 * @returns Whether the path is free now. It is not when something answers on the socket, nor when
 *   the path is a file, which may hold data.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  const { lstat, unlink } = nodeModule("node:fs/promises");
  try {
    const stats = await lstat(path);
    if (!stats.isSocket() || !(await isRefused(path))) return false;
    await unlink(path);
    return true;
  } catch (error) {
    // Another process may have removed it first.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = nodeModule("node:net").connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
