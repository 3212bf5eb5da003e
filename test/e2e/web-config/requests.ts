import { ask } from "./ask.ts";
import {
  type Case,
  CLIENTS,
  LONG_HASH,
  LONG_PASSWORD,
  type Look,
  PASSWORD,
  statusOf,
  tlsFile,
  usersFile,
} from "./case.ts";

const AUTHORIZATION = `Authorization: Basic ${btoa(`alice:${PASSWORD}`)}`;
const WRONG = `Authorization: Basic ${btoa("alice:wrong")}`;

/** What a client sees of a file with a user. */
const REQUESTS: readonly [name: string, look: Look][] = [
  ["no credentials", statusOf()],
  ["a right password", statusOf({ user: `alice:${PASSWORD}` })],
  ["a wrong password", statusOf({ user: "alice:wrong" })],
  ["an unknown user", statusOf({ user: `bob:${PASSWORD}` })],
  ["an unknown path without credentials", statusOf({ path: "/nowhere" })],
  ["`/-/healthy` without credentials", statusOf({ path: "/-/healthy" })],
  ["`basic` in lower case", statusOf({ headers: [AUTHORIZATION.replace("Basic", "basic")] })],
  ["two blanks after `Basic`", statusOf({ headers: [AUTHORIZATION.replace("Basic", "Basic ")] })],
  ["credentials that are not base64", statusOf({ headers: ["Authorization: Basic ä*"] })],
  ["credentials without a colon", statusOf({ user: "alice" })],
  ["a password and a NUL byte", statusOf({ user: `alice:${PASSWORD}\0` })],
  ["73 bytes, of which 72 are right", statusOf({ user: `long:${LONG_PASSWORD}y` })],
  ["two headers `Authorization`, a wrong one first", statusOf({ headers: [WRONG, AUTHORIZATION] })],
  ["two headers `Authorization`, a right one first", statusOf({ headers: [AUTHORIZATION, WRONG] })],
  [
    "`WWW-Authenticate` of a 401",
    async ({ port }) => `\`${(await ask(port)).response?.headers["www-authenticate"]}\``,
  ],
  ["the body of a 401", async ({ port }) => (await ask(port)).text.replace(/^.*?\r\n\r\n/s, "")],
];

const REQUESTS_FILE = `${usersFile("alice")}  long: ${LONG_HASH}\n`;

const OLD_TLS = {
  minVersion: "TLSv1.1",
  maxVersion: "TLSv1.1",
  ciphers: "DEFAULT@SECLEVEL=0",
} as const;

/** What a client sees of TLS. */
const HANDSHAKES: readonly [name: string, look: Look][] = [
  ["TLS 1.2", statusOf({ tls: { maxVersion: "TLSv1.2" } })],
  ["TLS 1.3", statusOf({ tls: { minVersion: "TLSv1.3" } })],
  ["TLS 1.1", statusOf({ tls: OLD_TLS })],
  [
    "plain HTTP on a port with TLS",
    async ({ port }) => {
      const { response, text } = await ask(port);
      return `${response?.status}: ${text.replace(/^.*?\r\n\r\n/s, "").trimEnd()}`;
    },
  ],
  ["a client that offers only `h2`", protocolOf("h2")],
  ["a client that offers `h2` and `http/1.1`", protocolOf("h2", "http/1.1")],
];

/** Sees which protocol is negotiated. */
function protocolOf(...ALPNProtocols: string[]): Look {
  return async ({ port }) => {
    const { protocol } = await ask(port, { tls: { ALPNProtocols } });
    return protocol === undefined ? "no handshake" : `\`${protocol}\``;
  };
}

/** What each kind of `client_auth_type` makes of each certificate. */
const CLIENT_AUTH = [
  "NoClientCert",
  "RequestClientCert",
  "RequireAnyClientCert",
  "VerifyClientCertIfGiven",
  "RequireAndVerifyClientCert",
].flatMap((type) =>
  Object.entries(CLIENTS).map(([name, client]) => {
    const authority = /Verify/.test(type) ? ["client_ca_file: clients.crt"] : [];
    return {
      name: `\`${type}\`: ${name}`,
      config: tlsFile(`client_auth_type: ${type}`, ...authority),
      look: statusOf({ tls: true, ...(client && { client }) }),
    };
  }),
);

/** The headers of the file, on whatever is answered. */
const HEADERS = ["/metrics", "/nowhere"].map((path) => ({
  name: `a header of the file, on a 401 of ${path}`,
  config: `${usersFile("alice")}http_server_config:\n  headers:\n    X-Frame-Options: deny\n`,
  look: async ({ port }: { port: number }) =>
    `${(await ask(port, { path })).response?.headers["x-frame-options"]}`,
}));

/** Files that every exporter takes, and what a client gets. */
export const QUESTIONS: readonly Case[] = [
  ...REQUESTS.map(([name, look]) => ({ name, config: REQUESTS_FILE, look })),
  ...HANDSHAKES.map(([name, look]) => ({ name, config: tlsFile(), look })),
  ...CLIENT_AUTH,
  ...HEADERS,
];
