import type { PemSource } from "../../options/security.ts";
import type { TlsSetting, TlsSettings } from "../tls/tls-settings.ts";
import type { Block } from "./block.ts";
import { CIPHER_SUITES, CLIENT_AUTH, CURVES, TLS_VERSIONS } from "./names.ts";

/** All keys of `tls_server_config`. */
export const TLS_KEYS: readonly string[] = [
  "cert_file",
  "cert",
  "key_file",
  "key",
  "client_auth_type",
  "client_ca_file",
  "client_ca",
  "client_allowed_sans",
  "min_version",
  "max_version",
  "cipher_suites",
  "curve_preferences",
  "prefer_server_cipher_suites",
];

/** What the settings are called in the file; one of two keys is that which the file has. */
const KEYS: Readonly<Record<TlsSetting, readonly [string, string?]>> = {
  cert: ["cert_file", "cert"],
  key: ["key_file", "key"],
  pfx: ["cert_file"],
  passphrase: ["key_file", "key"],
  clientAuth: ["client_auth_type"],
  clientCa: ["client_ca_file", "client_ca"],
  clientAllowedSans: ["client_allowed_sans"],
  minVersion: ["min_version"],
  maxVersion: ["max_version"],
  ciphers: ["cipher_suites"],
  curves: ["curve_preferences"],
  honorCipherOrder: ["prefer_server_cipher_suites"],
};

/**
 * Reads `tls_server_config`. Whether the settings go with each other, and its certificates can be used, is
 * seen when they are.
 *
 * @param resolvePath Makes a path absolute.
 * @returns `undefined` for a part without keys: then the server speaks plain HTTP. The official exporters
 * do so, too, where it has keys, but none that is about certificates.
 * @throws {ConfigError} When a value is wrong by itself.
 */
export function readTls(
  block: Block,
  resolvePath: (path: string) => string,
): TlsSettings | undefined {
  if (block.isEmpty) return undefined;
  const source = (setting: "cert" | "key" | "clientCa"): PemSource | undefined => {
    const [fileKey, textKey] = keysOf(setting);
    const file = block.path(fileKey);
    // Where both are set, the official exporters take the file.
    return file === undefined ? block.text(textKey) || undefined : { file: resolvePath(file) };
  };
  return {
    cert: source("cert"),
    key: source("key"),
    pfx: undefined,
    passphrase: undefined,
    clientAuth:
      block.text("client_auth_type") === ""
        ? "none"
        : block.oneOf("client_auth_type", CLIENT_AUTH, "none"),
    clientCa: source("clientCa"),
    clientAllowedSans: block.list("client_allowed_sans").map(({ text }) => text),
    minVersion: block.oneOf("min_version", TLS_VERSIONS, "TLSv1.2"),
    maxVersion: block.oneOf("max_version", TLS_VERSIONS, "TLSv1.3"),
    ciphers: block.someOf("cipher_suites", CIPHER_SUITES),
    curves: block.someOf("curve_preferences", CURVES),
    honorCipherOrder: block.flag("prefer_server_cipher_suites", true),
    fault: (setting, reason, cause) => {
      const [fileKey, textKey] = keysOf(setting);
      return block.unusable(block.has(fileKey) ? fileKey : textKey, reason, cause);
    },
  };
}

function keysOf(setting: TlsSetting): readonly [fileKey: string, textKey: string] {
  const [fileKey, textKey = fileKey] = KEYS[setting];
  return [fileKey, textKey];
}
