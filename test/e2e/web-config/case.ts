import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hashSync } from "bcryptjs";
import {
  type Authority,
  createAuthority,
  type Identity,
  inDays,
} from "../../helpers/certificates.ts";
import { ask, type Outcome, type Question } from "./ask.ts";
import type { RunningExporter } from "./exporters.ts";

/** A file, and what is asked of an exporter that has it. */
export interface Case {
  /** As the first column of the table calls it, if the exporters differ. */
  readonly name: string;
  /** The text of the file; `undefined` if there is none. */
  readonly config: string | undefined;
  /** What is seen of an exporter that takes the file. */
  readonly look: Look;
}

/** Looks at an exporter, whose files are in a folder; returns what it sees in words. */
export type Look = (exporter: RunningExporter, folder: string) => Promise<string>;

/** The name of the file in the folder of a case. */
export const CONFIG = "web.yml";

/** What is seen of an exporter that does not start. */
export const REFUSED = "refused at start";

/** Sees the status of the answer to a question. */
export function statusOf(question?: Question): Look {
  return async ({ port }) => statusIn(await ask(port, question));
}

export function statusIn({ response }: Outcome): string {
  return response === undefined ? "no answer" : `${response.status}`;
}

/** Longer than any exporter takes to see that a file has changed. */
const RELOAD_MS = 2_500;

/** Changes files, and sees the status of the answer once the exporter must have noticed. */
export function statusAfter(change: (folder: string) => Promise<void>, question?: Question): Look {
  return async ({ port }, folder) => {
    // It has read the file before.
    await ask(port, question);
    await change(folder);
    return lastOf(async () => statusIn(await ask(port, question)));
  };
}

/** Looks again and again, as scrapers do, and returns what is seen last. There may be nothing to wait for. */
export async function lastOf(look: () => Promise<string>): Promise<string> {
  let last = "";
  for (const end = Date.now() + RELOAD_MS; Date.now() < end; await sleep(250)) last = await look();
  return last;
}

/** Replaces the file. */
export function withConfig(text: string): (folder: string) => Promise<void> {
  return (folder) => writeFile(join(folder, CONFIG), text);
}

/** The password of all users. */
export const PASSWORD = "secret";

/** A cheap hash of it. */
export const HASH: string = hashSync(PASSWORD, 4);

/** The password is as long as bcrypt reads. */
export const LONG_PASSWORD: string = "x".repeat(72);
export const LONG_HASH: string = hashSync(LONG_PASSWORD, 4);

/** A file with these users, all with the same password. */
export function usersFile(...names: readonly string[]): string {
  return ["basic_auth_users:", ...names.map((name) => `  ${name}: ${HASH}`), ""].join("\n");
}

const AUTHORITY = createAuthority({ name: "Server CA" });
const SERVER = AUTHORITY.issue({ sans: ["DNS:localhost"], usage: ["server"] });

/** The authority of the clients, and one that is not. */
export const CLIENT_AUTHORITY: Authority = createAuthority({ name: "Client CA" });
const OTHER_AUTHORITY = createAuthority({ name: "Other CA" });

export const CLIENTS: Readonly<Record<string, Identity | undefined>> = {
  "no certificate": undefined,
  "a good certificate": CLIENT_AUTHORITY.issue({ usage: ["client"] }),
  "a certificate of another authority": OTHER_AUTHORITY.issue({ usage: ["client"] }),
  "an expired certificate": CLIENT_AUTHORITY.issue({ usage: ["client"], notAfter: inDays(-1) }),
  "a certificate for servers": CLIENT_AUTHORITY.issue({ usage: ["server"] }),
  "a certificate without a usage": CLIENT_AUTHORITY.issue({ usage: [] }),
};

/** A certificate that replaces that of the server. */
export const RENEWED: Identity = AUTHORITY.issue({ sans: ["DNS:localhost"], usage: ["server"] });

const EXPIRED = AUTHORITY.issue({ usage: ["server"], notAfter: inDays(-1) });
const ENCRYPTED = AUTHORITY.issue({ usage: ["server"], passphrase: "secret" });

/** What is in the folder of every case. */
export const FILES: Readonly<Record<string, string>> = {
  "tls.crt": SERVER.cert,
  "tls.key": SERVER.key,
  "renewed.crt": RENEWED.cert,
  "renewed.key": RENEWED.key,
  "expired.crt": EXPIRED.cert,
  "expired.key": EXPIRED.key,
  "encrypted.crt": ENCRYPTED.cert,
  "encrypted.key": ENCRYPTED.key,
  "clients.crt": CLIENT_AUTHORITY.cert,
  "empty.crt": "no certificate\n",
};

/** A file with TLS and these lines below `tls_server_config`. */
export function tlsFile(...lines: readonly string[]): string {
  return tlsFileOf("tls.crt", "tls.key", ...lines);
}

/** The same with other files. */
export function tlsFileOf(cert: string, key: string, ...lines: readonly string[]): string {
  const all = [`cert_file: ${cert}`, `key_file: ${key}`, ...lines];
  return ["tls_server_config:", ...all.map((line) => `  ${line}`), ""].join("\n");
}
