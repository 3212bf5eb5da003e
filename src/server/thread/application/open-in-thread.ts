import type { ThreadSettings } from "../../../options/options.ts";
import type { OpenServer, ServerArguments } from "../../open-server.ts";

/**
 * Opens a server in a thread of its own.
 *
 * @param openHere Opens it in this thread instead, where no other can be started.
 * @throws {ListenError} When the address cannot be listened on.
 * @throws {ConfigError} When a file of the options `webConfigFile`, `tls` or `auth` cannot be used.
 * @throws {TypeError} For an address that no other thread can open, and for options that contradict each other.
 */
export function openInThread(
  parts: ServerArguments,
  _thread: ThreadSettings,
  openHere: (parts: ServerArguments) => Promise<OpenServer>,
): Promise<OpenServer> {
  return openHere(parts);
}
