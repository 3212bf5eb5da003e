// What a web configuration file says, as the library `yaml` reads it and the tables of the official exporters
// are written. It shares no code with src/.
import { isScalar, Parser, parseAllDocuments, visit } from "yaml";

/** What a file says, as plain data; paths as they are written. */
export interface Expected {
  readonly tls: Readonly<Record<string, unknown>> | undefined;
  readonly users: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined;
}

/** Why a file is refused; it never leaves this file. */
class Refused extends Error {}

/** What a file says; `undefined` if it must be refused. */
export function expectedOf(bytes: Uint8Array): Expected | undefined {
  try {
    return readFile(bytes);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** A value: what it is, and what is written. */
interface Value {
  readonly typed: unknown;
  readonly text: unknown;
}

function refuse(reason: string): never {
  throw new Refused(reason);
}

function readFile(bytes: Uint8Array): Expected {
  const text = decode(bytes);
  // With the schema "failsafe", every scalar is the text that is written.
  const file: Value = { typed: parse(text, "yaml-1.1"), text: parse(text, "failsafe") };
  const whole = fields(file, {
    tls_server_config: any,
    http_server_config: any,
    basic_auth_users: any,
    rate_limit: any,
  });
  const http = fields(whole["http_server_config"], { http2: boolean, headers: any });
  return {
    tls: readTls(whole["tls_server_config"]),
    users: named(whole["basic_auth_users"], (name, hash) => {
      const [, cost = "0"] = /^\$2[aby]?\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(hash) ?? [];
      return name !== "" && !name.includes(":") && Number(cost) >= 4 && Number(cost) <= 16;
    }),
    headers: named(http["headers"] as Value | undefined, isHeader),
    rateLimit: readRateLimit(whole["rate_limit"]),
  };
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > 1_048_576) refuse("too long");
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("not UTF-8");
  }
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isControl = code < 0x20 ? !"\t\n\r".includes(character) : code >= 0x7f && code < 0xa0;
    if ((isControl && code !== 0x85) || code === 0xfffe || code === 0xffff) refuse("control");
  }
  return text;
}

function parse(text: string, schema: "yaml-1.1" | "failsafe"): unknown {
  const directives = [...new Parser().parse(text)].flatMap((token) =>
    token.type === "directive" ? token.source.trimEnd() : [],
  );
  if (directives.some((directive) => directive !== "%YAML 1.1")) refuse("directive");
  const documents = parseAllDocuments(text, { version: "1.1", schema, uniqueKeys: false });
  if ("empty" in documents) {
    return documents.errors.length + directives.length > 0 ? refuse("not YAML") : null;
  }
  const [document, second] = documents;
  if (document === undefined || second !== undefined) refuse("several documents");
  if (document.errors.length > 0) refuse("not YAML");
  visit(document, {
    Alias: () => refuse("alias"),
    Node: (_, { tag }) => {
      if (tag !== undefined) refuse("tag");
    },
    Map: (_, { items }) => {
      const keys = items.map(({ key }) => {
        // A merge key is a symbol.
        if (!isScalar(key) || typeof key.value === "symbol") refuse("key");
        // The text, whatever it is taken for.
        key.value = key.source;
        return key.source;
      });
      if (new Set(keys).size < keys.length) refuse("equal keys");
    },
  });
  return document.toJS({ mapAsMap: true });
}

type Reader = (value: Value) => unknown;

/** Reads what of a map is known; a value that is null is not there. */
function fields<Known extends Record<string, Reader>>(
  value: unknown,
  known: Known,
): { [Key in keyof Known]?: ReturnType<Known[Key]> } {
  const { typed, text } = (value ?? { typed: null }) as Value;
  if (typed === null || typed === undefined) return {};
  if (!(typed instanceof Map && text instanceof Map)) refuse("not a map");
  const read: Record<string, unknown> = {};
  for (const [key, entry] of typed) {
    const reader =
      Object.entries(known).find(([name]) => name === key)?.[1] ?? refuse("unknown key");
    if (entry !== null) read[key] = reader({ typed: entry, text: text.get(key) });
  }
  return read as never;
}

function any(value: Value): Value {
  return value;
}

function boolean({ typed }: Value): boolean {
  return typeof typed === "boolean" ? typed : refuse("not a boolean");
}

function string({ text }: Value): string {
  return typeof text === "string" ? text : refuse("not a text");
}

function path(value: Value): string {
  return /[\0\r\n]|-----BEGIN/.test(string(value)) ? refuse("no path") : string(value);
}

function oneOf<T>(names: Record<string, T>): (value: Value) => T {
  const byName = new Map(Object.entries(names));
  return (value) => byName.get(string(value)) ?? refuse("unknown name");
}

function listOf<T>(reader: (value: Value) => T): (value: Value) => readonly T[] {
  return ({ typed, text }) => {
    if (!(Array.isArray(typed) && Array.isArray(text))) refuse("not a list");
    return typed.map((item, index) => {
      if (item === null || text[index] === "") refuse("an empty item");
      return reader({ typed: item, text: text[index] });
    });
  };
}

function named(
  value: Value | undefined,
  isGood: (name: string, text: string) => boolean,
): Record<string, string> {
  const { typed, text } = value ?? { typed: new Map(), text: new Map() };
  if (!(typed instanceof Map && text instanceof Map)) refuse("not a map");
  const entries = Array.from(typed, ([name, entry]): [string, string] => {
    const content = entry === null ? "" : string({ typed: entry, text: text.get(name) });
    return isGood(name, content) ? [name, content] : refuse("a bad entry");
  });
  return Object.fromEntries(entries);
}

function isHeader(name: string, text: string): boolean {
  const isLine = [...text].every(
    (character) => (character >= " " && character <= "~") || character === "\t",
  );
  switch (name) {
    case "X-Content-Type-Options":
      return text === "nosniff";
    case "X-Frame-Options":
      return text === "deny" || text === "sameorigin";
    case "Strict-Transport-Security":
    case "X-XSS-Protection":
    case "Content-Security-Policy":
      return isLine;
    default:
      return false;
  }
}

const VERSIONS = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" };

function readTls(value: Value | undefined): Expected["tls"] {
  const read = fields(value, {
    cert_file: path,
    cert: string,
    key_file: path,
    key: string,
    client_auth_type: oneOf({
      "": "none",
      NoClientCert: "none",
      RequestClientCert: "request",
      RequireClientCert: "require",
      RequireAnyClientCert: "require",
      VerifyClientCertIfGiven: "verify-if-given",
      RequireAndVerifyClientCert: "require-and-verify",
    }),
    client_ca_file: path,
    client_ca: string,
    client_allowed_sans: listOf(string),
    min_version: oneOf(VERSIONS),
    max_version: oneOf(VERSIONS),
    cipher_suites: listOf(cipher),
    curve_preferences: listOf(
      oneOf({
        CurveP256: "P-256",
        CurveP384: "P-384",
        CurveP521: "P-521",
        X25519: "X25519",
        X25519MLKEM768: "X25519MLKEM768",
        SecP256r1MLKEM768: "SecP256r1MLKEM768",
      }),
    ),
    prefer_server_cipher_suites: boolean,
  });
  if (!(value?.typed instanceof Map) || value.typed.size === 0) return undefined;
  return {
    cert: read.cert_file ? { file: read.cert_file } : read.cert || undefined,
    key: read.key_file ? { file: read.key_file } : read.key || undefined,
    clientAuth: read.client_auth_type ?? "none",
    clientCa: read.client_ca_file ? { file: read.client_ca_file } : read.client_ca || undefined,
    clientAllowedSans: read.client_allowed_sans ?? [],
    minVersion: read.min_version ?? "TLSv1.2",
    maxVersion: read.max_version ?? "TLSv1.3",
    ciphers: read.cipher_suites ?? [],
    curves: read.curve_preferences ?? [],
    honorCipherOrder: read.prefer_server_cipher_suites ?? true,
  };
}

/** The names of OpenSSL follow from those of Go, with these exceptions. */
function cipher(value: Value): string {
  const name = string(value);
  if (/^TLS_(?:AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)$/.test(name)) {
    return name;
  }
  const [, exchange, kind] = /^TLS_ECDHE_(ECDSA|RSA)_WITH_(\w+)$/.exec(name) ?? [];
  switch (kind) {
    case "AES_128_GCM_SHA256":
      return `ECDHE-${exchange}-AES128-GCM-SHA256`;
    case "AES_256_GCM_SHA384":
      return `ECDHE-${exchange}-AES256-GCM-SHA384`;
    case "CHACHA20_POLY1305_SHA256":
      return `ECDHE-${exchange}-CHACHA20-POLY1305`;
    case "AES_128_CBC_SHA":
      return `ECDHE-${exchange}-AES128-SHA`;
    case "AES_256_CBC_SHA":
      return `ECDHE-${exchange}-AES256-SHA`;
    default:
      return refuse("unknown cipher suite");
  }
}

const UNITS = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["\u00b5s", 1e3],
  ["\u03bcs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 6e10],
  ["h", 3.6e12],
]);

function readRateLimit(value: Value | undefined): Expected["rateLimit"] {
  const { interval = "", burst = "" } = fields(value, { interval: string, burst: string });
  const nanoseconds = durationOf(interval);
  if (burst !== "" && !/^(0|[1-9]\d{0,14})$/.test(burst)) refuse("burst");
  if (nanoseconds === 0) return undefined;
  if (Number(burst) < 1) refuse("burst");
  return { intervalMs: nanoseconds / 1e6, burst: Number(burst) };
}

/** In nanoseconds, as `time.ParseDuration` of Go. */
function durationOf(text: string): number {
  if (["", "0", "+0", "-0"].includes(text)) return 0;
  let rest = text.replace(/^\+/, "");
  if (rest === "") refuse("interval");
  let total = 0;
  while (rest !== "") {
    const [all = "", amount = "", unit = ""] = /^([\d.]*)([^\d.]*)/.exec(rest) ?? [];
    const factor = UNITS.get(unit);
    if (factor === undefined || !/\d/.test(amount) || amount.split(".").length > 2)
      refuse("interval");
    total += Number(amount) * (factor ?? 0);
    rest = rest.slice(all.length);
  }
  return total < 2 ** 63 ? total : refuse("interval");
}
