import type { SecureVersion } from "node:tls";
import type { ClientAuth, PemSource } from "../../options/security.ts";

/** How TLS is spoken, as the option `tls` or a web configuration file says it. Paths are absolute. */
export interface TlsSettings {
  readonly cert: PemSource | undefined;
  readonly key: PemSource | undefined;
  readonly pfx: PemSource | undefined;
  readonly passphrase: string | undefined;
  readonly clientAuth: ClientAuth;
  readonly clientCa: PemSource | undefined;
  /** Empty where every verified certificate is allowed. */
  readonly clientAllowedSans: readonly string[];
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** By the names of OpenSSL; empty for those of Node. */
  readonly ciphers: readonly string[];
  /** By the names of OpenSSL; empty for those of Node. */
  readonly curves: readonly string[];
  readonly honorCipherOrder: boolean;
  /**
   * Makes the error for a setting that cannot be honoured: it names the setting as the user has written it,
   * and the line of a file.
   */
  readonly fault: (setting: TlsSetting, reason: string, cause?: unknown) => Error;
}

/** A setting of `TlsSettings`, by its name. */
export type TlsSetting = Exclude<keyof TlsSettings, "fault">;

/** What each `clientAuth` demands of a client: that it has a certificate, and that a given one is verified. */
export const CLIENT_DEMANDS: Readonly<
  Record<ClientAuth, { readonly isRequired: boolean; readonly isVerified: boolean }>
> = {
  none: { isRequired: false, isVerified: false },
  request: { isRequired: false, isVerified: false },
  require: { isRequired: true, isVerified: false },
  "verify-if-given": { isRequired: false, isVerified: true },
  "require-and-verify": { isRequired: true, isVerified: true },
};

/** The path of a source that is a file; `undefined` for any other. */
export function fileOf(source: PemSource | undefined): string | undefined {
  return typeof source === "object" && "file" in source ? source.file : undefined;
}
