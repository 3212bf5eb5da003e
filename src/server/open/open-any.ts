import { checkServerSecurity, readThread } from "../../options/late-rules.ts";
import { isSecured } from "../../options/security-rules.ts";
import { type OpenServer, openServer, type ServerArguments } from "../open-server.ts";
import { OPENERS } from "./openers.ts";

/**
 * Opens a server with all that its options ask for. It is loaded on use: most servers are plain.
 *
 * @throws {ListenError} When the address cannot be listened on.
 * @throws {ConfigError} When a file of the options `webConfigFile`, `tls` or `auth` cannot be used.
 * @throws {TypeError} For options of a wrong type, and for those that contradict each other.
 * @throws {RangeError} For options that are out of range.
 */
export async function openAny(given: ServerArguments): Promise<OpenServer> {
  const parts = await withPaths(given);
  const { options } = parts;
  checkServerSecurity(options);
  const thread = readThread(options.thread);
  if (thread === undefined) return openSecured(parts);
  const { openInThread } = await import("../thread/application/open-in-thread.ts");
  return openInThread(parts, thread, openSecured);
}

async function withPaths(given: ServerArguments): Promise<ServerArguments> {
  const { options } = given;
  if (options.paths === undefined) return given;
  const { readPaths } = await import("../../endpoint/served-paths.ts");
  return { ...given, ...readPaths(options) };
}

/**
 * Opens a server in this thread, whose paths have been read and whose options have been checked.
 *
 * @throws As `openAny()` does.
 */
export async function openSecured(given: ServerArguments): Promise<OpenServer> {
  if (!isSecured(given.options)) return openAnywhere(given);
  const { openSecurity } = await import("../security.ts");
  const security = await openSecurity(given);
  try {
    const server = await openAnywhere({ ...given, security });
    void server.closed.then(security.close);
    return server;
  } catch (error) {
    security.close();
    throw error;
  }
}

async function openAnywhere(parts: ServerArguments): Promise<OpenServer> {
  if (parts.options.workers === undefined) return openServer(parts, OPENERS);
  const { openInGroup } = await import("./open-in-group.ts");
  return openInGroup(parts);
}
