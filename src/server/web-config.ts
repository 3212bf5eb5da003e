/**
 * Reads a web configuration file, `web.config.yml` of the official exporters: certificates, users, headers and
 * a limit on the rate of requests. https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 *
 * A file that they take means the same here, or is refused with the key and the line at fault. It is refused
 * where it would leave a door open, or could never work: `docs/guide/web-config.md` lists these cases. Only
 * the text is read, and no file that it names. `yaml-file.ts` turns the text into values with lines,
 * `block.ts` picks values of the right type, and the files beside them know the keys.
 *
 * The YAML parser is large; import this only where there is such a file.
 */
import { nodeModule } from "../node.ts";
import type { RateLimit } from "../options/security.ts";
import { hashFault, headerFault, userFault } from "../options/security-rules.ts";
import type { TlsSettings } from "./tls/tls-settings.ts";
import { Block } from "./web-config/block.ts";
import { parseDuration } from "./web-config/duration.ts";
import { readTls, TLS_KEYS } from "./web-config/tls-block.ts";
import { parseYaml } from "./web-config/yaml-file.ts";

/** What a web configuration file says. */
export interface WebConfig {
  /** `undefined` for plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** The hashes of passwords, by the names of users. Without any, everybody may ask. */
  readonly users: ReadonlyMap<string, string>;
  /** What every answer has beside its own headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rateLimit: RateLimit | undefined;
}

/**
 * Reads the text of a web configuration file.
 *
 * @param text As the file has it, in UTF-8.
 * @param file The path of the file. The paths in it are relative to its folder.
 * @throws {ConfigError} When it cannot be understood or honoured. The message shows no secret.
 */
export function readWebConfig(text: Uint8Array, file: string): WebConfig {
  const { dirname, resolve } = nodeModule("node:path");
  const whole = new Block(file, parseYaml(text, file), [
    "tls_server_config",
    "http_server_config",
    "basic_auth_users",
    "rate_limit",
  ]);
  const http = whole.block("http_server_config", ["http2", "headers"]);
  // HTTP/2 is not offered, which a client does not notice: it takes HTTP/1.1.
  http.flag("http2", true);
  const tls = readTls(whole.block("tls_server_config", TLS_KEYS), (path) =>
    resolve(dirname(file), path),
  );
  return {
    tls,
    users: whole.texts("basic_auth_users", (name, hash) => userFault(name) ?? hashFault(hash)),
    headers: Object.fromEntries(http.texts("headers", headerFault)),
    rateLimit: readRateLimit(whole.block("rate_limit", ["interval", "burst"])),
  };
}

/** Without an interval there is no limit, as for the official exporters; an interval needs a burst. */
function readRateLimit(block: Block): RateLimit | undefined {
  const [interval, burst] = [block.text("interval"), block.text("burst")];
  const intervalMs = interval === "" ? 0 : parseDuration(interval);
  if (intervalMs === undefined) throw block.fault("interval", 'must be a duration such as "1s"');
  // Decimal only: 010 is eight in YAML 1.1, and ten in YAML 1.2.
  const isInteger = /^(?:0|[1-9]\d{0,14})$/.test(burst);
  const isMissing = burst === "" && intervalMs === 0;
  if (!isMissing && (!isInteger || (burst === "0" && intervalMs > 0))) {
    throw block.fault("burst", "must be an integer from 1");
  }
  return intervalMs > 0 ? { intervalMs, burst: Number(burst) } : undefined;
}
