import type { InspectOptions } from "node:util";

/**
 * Shows any value for a message, as `inspect` of `node:util` does.
 *
 * Importing `node:util` as an ES module would load all that Node keeps back until it is asked for:
 * 0.9 MB of Node 24. (`node:http` would even load crypto, http2 and undici: 3.9 MB and 30 ms.) So
 * no file of ours imports modules of Node; they take them from `process.getBuiltinModule()`.
 */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  return process.getBuiltinModule("node:util").inspect(value, options);
}
