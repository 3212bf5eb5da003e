import { X509Certificate } from "node:crypto";
import { copyFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask } from "./ask.ts";
import {
  type Case,
  CONFIG,
  FILES,
  type Look,
  lastOf,
  PASSWORD,
  RENEWED,
  statusAfter,
  tlsFile,
  usersFile,
  withConfig,
} from "./case.ts";

const alice = { user: `alice:${PASSWORD}` };
const bob = { user: `bob:${PASSWORD}` };

/** What becomes of a file with two users that changes while the exporter runs. */
const CHANGES: readonly [name: string, look: Look][] = [
  ["the file is emptied; no credentials", statusAfter(withConfig(""))],
  [
    "the file ends after `basic_auth_users:`; no credentials",
    statusAfter(withConfig("basic_auth_users:\n")),
  ],
  ["all users are removed; no credentials", statusAfter(withConfig("basic_auth_users: {}\n"))],
  [
    "an unknown key is added; right credentials",
    statusAfter(withConfig(`${usersFile("alice", "bob")}foo: 1\n`), alice),
  ],
  [
    "the file is removed; right credentials",
    statusAfter((folder) => rm(join(folder, CONFIG)), alice),
  ],
  [
    "one of two users is removed; his credentials",
    statusAfter(withConfig(usersFile("alice")), bob),
  ],
  [
    "a user is added; his credentials",
    statusAfter(withConfig(usersFile("alice", "bob", "carol")), { user: `carol:${PASSWORD}` }),
  ],
  [
    "the file is replaced by rename; his credentials",
    statusAfter(async (folder) => {
      await writeFile(join(folder, "next.yml"), usersFile("alice"));
      await rename(join(folder, "next.yml"), join(folder, CONFIG));
    }, bob),
  ],
];

/** Changes files, and sees which certificate new connections get once the exporter must have noticed. */
function certificateAfter(change: (folder: string) => Promise<void>): Look {
  return async ({ port }, folder) => {
    const look = async () =>
      NAMES.get((await ask(port, { tls: true })).certificate) ?? "no handshake";
    await look();
    await change(folder);
    return lastOf(look);
  };
}

const NAMES: ReadonlyMap<string | undefined, string> = new Map([
  [rawOf(FILES["tls.crt"] ?? ""), "the old one"],
  [rawOf(RENEWED.cert), "the new one"],
]);

function rawOf(cert: string): string {
  return new X509Certificate(cert).raw.toString("base64");
}

async function renew(folder: string, ...names: readonly string[]): Promise<void> {
  for (const name of names)
    await copyFile(join(folder, `renewed.${name}`), join(folder, `tls.${name}`));
}

const CERTIFICATES: readonly [name: string, look: Look][] = [
  ["certificate and key are replaced", certificateAfter((folder) => renew(folder, "crt", "key"))],
  ["only the certificate is replaced", certificateAfter((folder) => renew(folder, "crt"))],
  ["the key is emptied", certificateAfter((folder) => writeFile(join(folder, "tls.key"), ""))],
];

/** Files that change while the exporter runs. */
export const RELOADS: readonly Case[] = [
  ...CHANGES.map(([name, look]) => ({ name, config: usersFile("alice", "bob"), look })),
  ...CERTIFICATES.map(([name, look]) => ({ name, config: tlsFile(), look })),
];
