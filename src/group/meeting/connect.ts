import type { Socket } from "node:net";
import { nodeModule } from "../../node.ts";

/** Nobody listens: a socket that does not exist, or that a killed process left behind. */
const NOBODY = ["ENOENT", "ECONNREFUSED"];

/** Somebody may listen, and cannot be reached now: a process that was stopped accepts nobody. */
const BUSY = ["EAGAIN", "ECONNRESET", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/**
 * Connects to a socket of this machine. The socket does not keep the process alive.
 *
 * @throws {Error} The error of the system, if it says neither that nobody listens nor that it is busy.
 */
export function connect(path: string): Promise<Socket | "nobody" | "busy"> {
  return new Promise((resolve, reject) => {
    const socket = nodeModule("node:net").connect({ path });
    socket.unref();
    const onError = (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      if (NOBODY.includes(code)) resolve("nobody");
      else if (BUSY.includes(code)) resolve("busy");
      else reject(error);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve(socket);
    });
  });
}
