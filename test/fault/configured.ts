import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import type { Identity } from "../helpers/certificates.ts";
import type { RawResponse } from "../helpers/http/parse-response.ts";
import type { TestServerOptions } from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { SERVER, type Transport, type TransportServer } from "./transports.ts";

/** Users whose password is "secret", as a web configuration file has them. */
export function users(...names: readonly string[]): string {
  return ["basic_auth_users:", ...names.map((name) => `  ${name}: ${SECRET_HASH}`), ""].join("\n");
}

/** The hash of "secret", at the lowest cost. */
export const SECRET_HASH: string = hashSync("secret", 4);

/** The header line of a user whose password is "secret". */
export function login(name: string, password = "secret"): string {
  return `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** A server with a web configuration file. */
export interface ConfiguredServer extends TransportServer {
  readonly directory: string;
  /** Where the file is. */
  readonly file: string;
  /** What the file must begin with, so that the server speaks TLS. */
  readonly tlsBlock: string;
  /** Writes the file: TLS where the transport has it, and `text`. It counts as written long ago. */
  configure(text: string): Promise<void>;
}

/**
 * Runs a test with a server of its own, which has a web configuration file.
 *
 * @param text The file, without what makes it speak TLS.
 */
export async function withConfigured(
  transport: Transport,
  text: string,
  test: (server: ConfiguredServer) => Promise<void>,
  options: TestServerOptions = {},
): Promise<void> {
  const tlsBlock = transport.tlsVersion === undefined ? "" : TLS_BLOCK;
  await withTempDir(async (directory) => {
    const file = join(directory, "web.yml");
    const configure = (more: string) => writeOld(file, tlsBlock + more);
    await writeIdentity(directory, SERVER);
    await configure(text);
    await transport.withServer({ ...options, webConfigFile: file }, (server) =>
      test({ ...server, directory, file, tlsBlock, configure }),
    );
  });
}

const TLS_BLOCK = "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n";

/** Writes a certificate and its key into a folder. */
export async function writeIdentity(folder: string, { cert, key }: Identity): Promise<void> {
  await writeOld(join(folder, "tls.crt"), cert);
  await writeOld(join(folder, "tls.key"), key);
}

/** Writes a file that nobody can take for one that is being written. */
export async function writeOld(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(file, longAgo, longAgo);
}

/**
 * Makes all links of a folder lead elsewhere at once, as Kubernetes does: `name` is a link to `..data/name`, and
 * `..data` one to a folder of this moment.
 *
 * @param fill Writes the files into the new folder.
 */
export async function swapData(
  folder: string,
  version: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  await mkdir(join(folder, version));
  await fill(join(folder, version));
  await rm(join(folder, "..next"), { force: true });
  await symlink(version, join(folder, "..next"));
  await rename(join(folder, "..next"), join(folder, "..data"));
}

/** The value of a series without labels in an exposition. */
export function metricOf({ body }: Pick<RawResponse, "body">, name: string): number {
  const line = body.split("\n").find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}
