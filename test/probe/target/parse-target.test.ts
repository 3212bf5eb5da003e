import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ProbeTarget } from "../../../src/model/probe.ts";
import { parseTarget } from "../../../src/probe/target/parse-target.ts";
import { QueryError } from "../../../src/scrape/failure.ts";

const LEGAL: readonly [text: string, target: Partial<ProbeTarget>][] = [
  ["db1", { text: "db1", host: "db1", authority: "db1" }],
  ["DB1.Example.COM:5432", { text: "db1.example.com:5432", host: "db1.example.com", port: 5432 }],
  ["db1.example.com.", { text: "db1.example.com", host: "db1.example.com" }],
  ["db1.example.com.:1", { authority: "db1.example.com:1" }],
  ["_dmarc.a-b.example", { host: "_dmarc.a-b.example" }],
  ["xn--bcher-kva.example", { host: "xn--bcher-kva.example" }],
  ["1password.com", { host: "1password.com" }],
  ["0xcafe.example", { host: "0xcafe.example" }],
  ["a".repeat(63), { host: "a".repeat(63) }],
  ["10.0.0.7:65535", { host: "10.0.0.7", port: 65_535 }],
  ["10.0.0.7.", { host: "10.0.0.7" }],
  ["[::1]", { text: "[::1]", host: "::1", authority: "[::1]" }],
  ["[2001:DB8:0:0::0:1]:80", { host: "2001:db8::1", authority: "[2001:db8::1]:80" }],
  ["[::ffff:127.0.0.1]", { host: "::ffff:7f00:1" }],
  ["HTTPS://Example.com/A?B=c", { text: "https://example.com/A?B=c", scheme: "https" }],
  ["http://example.com.:8080", { text: "http://example.com:8080", port: 8_080 }],
  ["http://[::1]:80/", { text: "http://[::1]:80/", authority: "[::1]:80" }],
  ["http://a.lan?q=@b.lan:1", { text: "http://a.lan?q=@b.lan:1", host: "a.lan" }],
  ["http://a.lan/%00%0a", { text: "http://a.lan/%00%0a" }],
  ["postgres+ssl://db:5432/app", { scheme: "postgres+ssl", host: "db", port: 5_432 }],
  ["http", { text: "http", host: "http" }],
  ["https://http:80", { host: "http", port: 80 }],
  ["localhost:9100", { host: "localhost", port: 9_100, scheme: undefined }],
];

for (const [text, expected] of LEGAL) {
  test(`parseTarget() reads ${text.slice(0, 30)}`, () => {
    const target: Readonly<Record<string, unknown>> = { ...parseTarget(text) };
    for (const [key, value] of Object.entries(expected)) assert.equal(target[key], value, key);
  });
}

test("parseTarget() reads the longest target that there may be", () => {
  const text = `http://a.lan/${"x".repeat(2_048 - 13)}`;
  assert.equal(parseTarget(text).text, text);
  assert.throws(() => parseTarget(`${text}x`), /must have at most 2048 characters/);
});

const ILLEGAL: readonly [reason: RegExp, ...texts: string[]][] = [
  [/at most 2048 characters/, "a".repeat(3_000)],
  [
    /must be ASCII, without blanks/,
    " ",
    "a b",
    "a\tb",
    "a\n",
    "\0",
    "a\u0000b",
    "a.lan\u007f",
    "a\\b",
    "http:\\\\a.lan",
    "http://a.lan\\@b.lan",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "bücher.example",
    "a\u00adb",
    "\ufeffa",
    "ｌocalhost",
    "locaLhoſt",
    "\ud800",
  ],
  [
    /must not contain a user/,
    "me@a.lan",
    "http://me@a.lan",
    "http://me:secret@a.lan/",
    "http://@a.lan",
    "http://a.lan:80@b.lan",
    "a.lan@",
  ],
  [/must not contain a fragment/, "http://a.lan#b", "http://a.lan/#@b.lan", "a.lan#"],
  [
    /must begin with its scheme/,
    "a.lan/path",
    "a.lan:80/path",
    "a.lan?q",
    "//a.lan",
    "/etc/passwd",
  ],
  [
    /must be a URL that names a host/,
    "file://a.lan/etc/passwd",
    "FILE:///etc/passwd",
    "javascript://a.lan/%0aalert(1)",
    "data://text/plain,a",
  ],
  [/must not be the scheme "https?" and a port/, "http:80", "HTTPS:443", "http.:80"],
  [
    /must be a host, a host and a port, or a URL/,
    ".",
    "..",
    "a..lan",
    ".a.lan",
    "a.lan..",
    "-a.lan",
    "-oProxyCommand=x",
    "--help",
    "a-.lan",
    "a.-",
    "a,b",
    "a%2elan",
    "%61.lan",
    "a%00.lan",
    "a*b",
    "*.lan",
    "$(id)",
    "`id`",
    "a;b",
    "a.lan:",
    "a.lan:0",
    "a.lan:080",
    "a.lan:65536",
    "a.lan:99999999999",
    "a.lan:+80",
    "a.lan:8e1",
    "a.lan:0x50",
    "a.lan:80:80",
    "a.lan:http",
    "http:a.lan",
    "http://",
    "http://:80",
    "http:///a.lan",
    "http://unix:/run/docker.sock:/info",
    "http+unix://%2Frun%2Fdocker.sock/info",
    "mongodb://a.lan,b.lan/",
    "::1",
    "::1:80",
    "fe80::1",
    "[fe80::1%eth0]",
    "[fe80::1%25eth0]",
    "[v1.a]",
    "[]",
    "[::1",
    "::1]",
    "[::1].",
    "[::1]80",
    "[a.lan]",
    `${"a".repeat(64)}.lan`,
    Array(64).fill("abc").join("."),
  ],
  [/must have a host that is a name/, "[:::1]", "[1:2:3]", "[::10000]", "[::1.2.3]", "[.]"],
  [
    /must have a host that is a name/,
    "2130706433",
    "0",
    "017700000001",
    "0x7f000001",
    "0x7F.1",
    "0x",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "0x7f.0.0.1.",
    "1.2.3.4.5",
    "256.0.0.1",
    "a.1",
    "a.lan.0x10",
    "4294967296",
    "http://127.1/",
  ],
];

for (const [reason, ...texts] of ILLEGAL) {
  for (const text of texts) {
    test(`parseTarget() refuses ${JSON.stringify(text.slice(0, 40))}: ${reason.source}`, () => {
      assert.throws(() => parseTarget(text), { name: "Error", message: reason });
    });
  }
}

test("a target that cannot be read is an error of the query, which quotes nothing secret", () => {
  const secret = "http://me:s3cr3t@a.lan/";
  assert.throws(
    () => parseTarget(secret),
    (error) => error instanceof QueryError && !error.message.includes("s3"),
  );
});

/** Texts like targets: pieces that some parser treats in a way of its own. */
const targets = fc
  .array(
    fc.oneof(
      fc.constantFrom("http://", "https:", "ws://", "foo://", "//", "http", "[", "]", "::", ":80"),
      fc.constantFrom("@", "#", "?", "/", "\\", "%", "%2e", "%00", ".", ":", "-", "_", " ", "\t"),
      fc.constantFrom(
        "0x",
        "0x7f",
        "017",
        "127",
        "1",
        "256",
        "ffff",
        "xn--",
        "xn--a-",
        "localhost",
      ),
      fc.constantFrom("a", "B", "lan", "é", "ß", "。", "１", "İ", "K", "\u200d", "\u00ad"),
      fc.string({ maxLength: 3, unit: "binary-ascii" }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(""));

function parsed(text: string): ProbeTarget | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error));
    return undefined;
  }
}

test("a URL parser sees the host and the port that parseTarget() has read", () => {
  let accepted = 0;
  fc.assert(
    fc.property(targets, (text) => {
      const target = parsed(text);
      if (target === undefined) return;
      accepted++;
      const { scheme, host, port, authority } = target;
      const urls = [`http://${authority}`, `foo://${authority}/`, `ws://${authority}?x`];
      if (scheme !== undefined) urls.push(target.text);
      for (const url of urls) {
        const { hostname, port: urlPort, username, password } = new URL(url);
        assert.equal(hostname.replace(/^\[|\]$/g, ""), host, url);
        assert.ok(Number(urlPort) === port || urlPort === "", url);
        assert.equal(username + password, "");
      }
      // Whoever passes the target itself to a URL parser sees the same host, or none at all.
      if (scheme === undefined && URL.canParse(target.text)) {
        assert.equal(new URL(target.text).hostname, "");
      }
    }),
    { numRuns: 20_000 },
  );
  assert.ok(accepted > 500, `${accepted} were accepted`);
});

test("parseTarget() reads the text of a target as the same target", () => {
  fc.assert(
    fc.property(targets, (text) => {
      const target = parsed(text);
      if (target !== undefined) assert.deepEqual(parseTarget(target.text), target);
    }),
    { numRuns: 5_000 },
  );
});
