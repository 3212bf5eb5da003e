/**
 * Who may connect to a server, and who may ask: it puts together what the options and files say.
 *
 * `web-config.ts` reads a file as the official exporters have it, `tls.ts` speaks TLS, `http/access.ts`
 * judges credentials. All files are checked when somebody comes, at most once a second; what changes is
 * swapped at once, or not at all. It is loaded only where an option asks for it.
 */
import type { Guard } from "../http/access/guard.ts";
import type { Log } from "../log.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Layer } from "./layer.ts";

/** What stands between the clients of a server and its answers. */
export interface Security {
  readonly isTls: boolean;
  readonly layer: Layer;
  readonly guard: Guard;
  /** What it counts; the same list as long as it has the same families. */
  families(): readonly MetricFamily[];
  /** Reads all files again. It never rejects: what cannot be honoured is logged, and the last good one stays. */
  reload(): Promise<void>;
  /** Gives up what is under way. */
  close(): void;
}

/** What a server's security is made of. */
export interface SecurityParts {
  readonly options: ResolvedOptions;
  readonly log: Log;
}

/**
 * Reads all files and makes the security of a server.
 *
 * @throws {ConfigError} When a file cannot be read, understood or honoured.
 * @throws {RangeError} When a value of an option cannot be honoured.
 */
export async function openSecurity(_: SecurityParts): Promise<Security> {
  throw new Error("Not yet");
}
