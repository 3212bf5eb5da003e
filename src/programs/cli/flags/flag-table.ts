import { nearestName } from "../suggest.ts";

/**
 * The flags, named as in the official exporters of Prometheus. Those that they do not have are named as
 * theirs would be: their configuration file refuses keys that it does not know, so what is ours is a flag.
 */
export const FLAGS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  init: { type: "boolean" },
  "web.listen-address": { type: "string", multiple: true },
  "web.systemd-socket": { type: "boolean" },
  "web.telemetry-path": { type: "string", default: "/metrics" },
  "web.max-requests": { type: "string" },
  "web.max-header-bytes": { type: "string" },
  "web.disable-exporter-metrics": { type: "boolean" },
  "web.shutdown-delay": { type: "string", default: "0s" },
  "web.config.file": { type: "string" },
  "web.config.check": { type: "boolean" },
  "web.bearer-token-file": { type: "string" },
  "web.allowed-networks": { type: "string", multiple: true },
  "web.open-health": { type: "string" },
  "web.health-listen-address": { type: "string" },
  "web.socket-mode": { type: "string" },
  "web.socket-group": { type: "string" },
  "web.thread": { type: "boolean" },
  "log.level": { type: "string", default: "info" },
  "log.format": { type: "string", default: "logfmt" },
} as const;

/** The name of a flag, without its dashes. */
export type Flag = keyof typeof FLAGS;

/** What other programs call our flags. */
const SYNONYMS: Readonly<Record<string, Flag>> = {
  p: "web.listen-address",
  port: "web.listen-address",
  host: "web.listen-address",
  address: "web.listen-address",
  bind: "web.listen-address",
  listen: "web.listen-address",
  path: "web.telemetry-path",
  route: "web.telemetry-path",
  endpoint: "web.telemetry-path",
  metricspath: "web.telemetry-path",
  maxhttpheadersize: "web.max-header-bytes",
  maxheadersize: "web.max-header-bytes",
  create: "init",
  new: "init",
  v: "version",
  verbose: "log.level",
  debug: "log.level",
  quiet: "log.level",
  level: "log.level",
  json: "log.format",
  config: "web.config.file",
  tls: "web.config.file",
  cert: "web.config.file",
  configcheck: "web.config.check",
  checkconfig: "web.config.check",
  systemd: "web.systemd-socket",
  token: "web.bearer-token-file",
  mode: "web.socket-mode",
  group: "web.socket-group",
};

/**
 * Finds the flag that somebody meant with one that does not exist.
 *
 * @param unknown The flag as `parseArgs` names it, with its dashes.
 * @param args The whole command line.
 * @param others The names of further flags that exist.
 */
export function suggestFlag(
  unknown: string,
  args: readonly string[],
  others: readonly string[],
): string | undefined {
  // Of `-web.listen-address`, only `-w` is named.
  const written = /^-[^-]$/.test(unknown) ? args.find((arg) => arg.startsWith(unknown)) : unknown;
  const name = (written ?? unknown).replace(/=.*/s, "");
  const flags = new Map<string, string>(Object.entries(SYNONYMS));
  for (const flag of [...Object.keys(FLAGS), ...others]) {
    flags.set(lettersOf(flag), flag);
    flags.set(lettersOf(flag.replace(GROUP, "")), flag);
  }
  const names = [...flags.keys()];
  const nearest =
    nearestName(lettersOf(name), names) ?? nearestName(lettersOf(name.replace(GROUP, "")), names);
  return nearest === undefined ? undefined : flags.get(nearest);
}

const GROUP = /^-{0,2}\w+\./;

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, "");
}
