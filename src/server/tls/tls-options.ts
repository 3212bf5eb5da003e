import { ConfigError } from "../../errors.ts";
import { nodeModule } from "../../node.ts";
import type { PemSource, TlsOptions } from "../../options/security.ts";
import { CLIENT_DEMANDS, fileOf, type TlsSettings } from "./tls-settings.ts";

/**
 * The settings of the option `tls`, each of which has been checked by itself.
 *
 * @throws {TypeError} When one lacks another, or excludes it.
 */
export function tlsSettingsOf(options: TlsOptions): TlsSettings {
  const sources: Readonly<Record<string, PemSource | undefined>> = {
    cert: absolute(options.cert),
    key: absolute(options.key),
    pfx: absolute(options.pfx),
    clientCa: absolute(options.clientCa),
  };
  const { cert, key, pfx, clientCa } = sources;
  const settings: TlsSettings = {
    cert,
    key,
    pfx,
    passphrase: options.passphrase,
    clientAuth: options.clientAuth ?? (clientCa === undefined ? "none" : "require-and-verify"),
    clientCa,
    clientAllowedSans: options.clientAllowedSans ?? [],
    minVersion: options.minVersion ?? "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: options.ciphers ?? [],
    curves: options.curves ?? [],
    honorCipherOrder: true,
    // A file that cannot be used is one thing, a value in the code another.
    fault(setting, reason, cause) {
      const source = sources[setting];
      const file = fileOf(source);
      if (file !== undefined) return new ConfigError(file, reason, { cause });
      const isPath = typeof source === "string" && source !== "" && !source.includes("-----BEGIN");
      const hint = isPath ? "; for a file, write { file: path }" : "";
      return new RangeError(`Option "tls.${setting}": ${reason}${hint}`, { cause });
    },
  };
  const isWhole = pfx === undefined ? cert !== undefined && key !== undefined : !(cert ?? key);
  if (!isWhole) throw new TypeError('Option "tls" must have either cert and key, or pfx');
  if (clientCa !== undefined && !CLIENT_DEMANDS[settings.clientAuth].isVerified) {
    throw new TypeError('Option "tls.clientCa" needs a clientAuth that verifies');
  }
  if (options.clientAllowedSans?.length === 0) {
    throw new TypeError('Option "tls.clientAllowedSans" must have at least one name');
  }
  return settings;
}

/** The working directory may change before a file is read again. */
function absolute(source: PemSource | undefined): PemSource | undefined {
  const file = fileOf(source);
  return file === undefined ? source : { file: nodeModule("node:path").resolve(file) };
}
