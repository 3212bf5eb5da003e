/** What the text of a flag means. Each function throws a `UsageError` that names the flag. */

import { resolve } from "node:path";
import { isMetricsPath } from "../../../http/routes.ts";
import type { Address, OpenHealth } from "../../../index.ts";
import { ADDRESS_FORMS, addressFault, readAddress } from "../../../options/parse-address.ts";
import { MAX_HEADER_BYTES, MIN_HEADER_BYTES } from "../../../options/rules.ts";
import { isNetwork, OPEN_HEALTH } from "../../../options/security-rules.ts";
import { UsageError } from "./command-line.ts";
import type { Flag } from "./flag-table.ts";
import { groupIdOf } from "./group-id.ts";

/** Reads the address that a flag names. */
export function toAddress(flag: Flag, text: string): Address {
  const address = readAddress(text);
  if (address !== undefined) return address;
  const reason = addressFault(text);
  if (reason !== undefined) throw new UsageError(`--${flag}: ${reason}`);
  throw invalid(flag, text, `an address such as ${ADDRESS_FORMS}`);
}

/** Reads the path of the metrics. */
export function toPath(text: string): string {
  if (isMetricsPath(text)) return text;
  throw invalid("web.telemetry-path", text, "a path such as /metrics");
}

/** Reads how many scrapes may run at once; `undefined` means the default. */
export function toLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(limit)) {
    throw invalid("web.max-requests", text, "an integer, or 0 for no limit");
  }
  return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
}

/** Reads the size of the headers of a request; `undefined` means the default. */
export function toHeaderBytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (bytes >= MIN_HEADER_BYTES && bytes <= MAX_HEADER_BYTES) return bytes;
  const expected = `an integer from ${MIN_HEADER_BYTES} to ${MAX_HEADER_BYTES}`;
  throw invalid("web.max-header-bytes", text, expected);
}

/** A duration as Prometheus writes it, with the units that a shutdown may take, or seconds. */
const DURATION = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

/** The longest time that a timer of Node can wait. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Reads the delay of a shutdown, in milliseconds. */
export function toDelayMs(text: string): number {
  const [, ...units] = DURATION.exec(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text) ?? [];
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = units.map((unit) => Number(unit ?? 0));
  const delayMs = Math.round(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms);
  if (text !== "" && units.length > 0 && delayMs <= MAX_DELAY_MS) return delayMs;
  throw invalid("web.shutdown-delay", text, "a duration such as 5s, at most 24 days");
}

/** Reads one of several words. */
export function toOneOf<T extends string>(flag: Flag, known: readonly T[], text: string): T {
  const value = known.find((name) => name === text);
  if (value === undefined) throw invalid(flag, text, `one of ${known.join(", ")}`);
  return value;
}

/**
 * Reads the path of a file, and makes it absolute: a module may change the working directory. An empty one is a
 * mistake, such as a variable that is not set.
 */
export function toFile(flag: Flag, text: string | undefined): string | undefined {
  if (text === "") throw invalid(flag, text, "the path of a file");
  return text && resolve(text);
}

/** Reads networks: the flag may be repeated, and each may have several, with commas. */
export function toNetworks(texts: readonly string[] | undefined): readonly string[] | undefined {
  const networks = texts?.flatMap((text) => text.split(",")).map((text) => text.trim());
  for (const network of networks ?? []) {
    if (isNetwork(network)) continue;
    throw invalid("web.allowed-networks", network, 'networks such as "10.0.0.0/8" or "::1"');
  }
  return networks;
}

/** Reads who may see the health of the process; `undefined` means the default. */
export function toOpenHealth(text: string | undefined): OpenHealth | undefined {
  return text === undefined ? undefined : toOneOf("web.open-health", OPEN_HEALTH, text);
}

/** Reads the permissions of a unix socket; `undefined` means the default. */
export function toSocketMode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Not the sticky bit or those that change the user: they mean nothing for a socket.
  const [, digits] = /^(?:0o?)?([0-7]{3})$/.exec(text) ?? [];
  if (digits !== undefined) return Number.parseInt(digits, 8);
  throw invalid("web.socket-mode", text, "permissions such as 0660");
}

/** Reads the group of a unix socket, by its name or id. */
export function toGroupId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const id = groupIdOf(text);
  if (id !== undefined) return id;
  throw invalid("web.socket-group", text, "the name or id of a group on this machine");
}

function invalid(flag: Flag, text: string, expected: string): UsageError {
  return new UsageError(`--${flag} must be ${expected}, got "${text}"`);
}
