// The files of a secure exporter: certificates, keys and users, two sets of each.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import bcrypt from "bcryptjs";
import "../../../tools/typescript/register.mjs";

const { createAuthority } = await import("../../../test/helpers/certificates.ts");

/** The user whom both sets have. */
export const LOGIN = { user: "prometheus", password: "correct horse battery staple" };

/** The cost of its hash, which `htpasswd -B` and the guides of Prometheus use. */
const COST = 10;

/** The CPU that comparing one password takes in one piece, in milliseconds: the least of some. */
export function measurePassword() {
  const hash = bcrypt.hashSync(LOGIN.password, COST);
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    bcrypt.compareSync(LOGIN.password, hash);
    return process.cpuUsage(before).user / 1_000;
  });
  return Math.min(...times);
}

/** Makes the files in a folder of their own. */
export class Files {
  #folder = mkdtempSync(join(tmpdir(), "promhttp-bench-"));
  #authority = createAuthority();
  #sets = [0, 1].map(() => this.#authority.issue({ sans: ["IP:127.0.0.1"] }));
  #hash = bcrypt.hashSync(LOGIN.password, COST);
  #turn = 0;

  constructor() {
    this.rotate();
  }

  /** The certificate that signs all others. */
  get ca() {
    return this.#authority.cert;
  }

  /** The path of the web configuration file. */
  get config() {
    return join(this.#folder, "web.yml");
  }

  /** Writes the other set, each file whole, as a rotation does. */
  rotate() {
    const turn = this.#turn++;
    const { cert, key } = this.#sets[turn % 2];
    this.#write("cert.pem", cert);
    this.#write("key.pem", key);
    const text = `tls_server_config:
  cert_file: cert.pem
  key_file: key.pem
http_server_config:
  http2: false
  headers:
    X-Frame-Options: ${turn % 2 === 0 ? "deny" : "sameorigin"}
basic_auth_users:
  ${LOGIN.user}: ${this.#hash}
`;
    this.#write("web.yml", text);
  }

  remove() {
    rmSync(this.#folder, { recursive: true });
  }

  #write(name, text) {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
