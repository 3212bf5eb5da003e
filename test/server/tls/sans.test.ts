import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createSanMatcher, parseSans, sanFault } from "../../../src/server/tls/sans.ts";
import { createAuthority } from "../../helpers/certificates.ts";

const CA = createAuthority();

/** The names of a certificate that really has them, as Node shows them. */
function namesOf(sans: readonly string[]): ReturnType<typeof parseSans> {
  const { cert } = CA.issue({ name: "common.example", sans });
  return parseSans(new X509Certificate(cert).subjectAltName);
}

test("parseSans() reads every kind of name", () => {
  const sans = [
    "DNS:a.example",
    "IP:10.0.0.1",
    "IP:2001:db8::1",
    "email:a@b.c",
    "URI:spiffe://d/x",
  ];
  assert.deepEqual(namesOf(sans), [
    { kind: "DNS", value: "a.example" },
    { kind: "IP Address", value: "10.0.0.1" },
    { kind: "IP Address", value: "2001:DB8:0:0:0:0:0:1" },
    { kind: "email", value: "a@b.c" },
    { kind: "URI", value: "spiffe://d/x" },
  ]);
  assert.deepEqual(namesOf([]), []);
});

test("parseSans() takes no part of a name for a name", () => {
  const tricks = [
    "http://x/, DNS:prom.example",
    'http://x/", DNS:prom.example, URI:"',
    "http://x/\\, DNS:prom.example",
    "http://x/\0, DNS:prom.example",
    "http://x/\n, DNS:prom.example",
    "http://x/', DNS:prom.example'",
    "http://x/, DNS:prom.example\x7f\x80\xff",
  ];
  for (const value of tricks) {
    for (const kind of ["URI", "DNS", "email"]) {
      const [name, last] = namesOf([`${kind}:${value}`, "DNS:last.example"]);
      assert.equal(name?.kind, kind);
      assert.ok(name?.value.startsWith(value.slice(0, 9)), JSON.stringify(name));
      assert.deepEqual(last, { kind: "DNS", value: "last.example" });
    }
  }
});

const MATCHES: readonly (readonly [allowed: string, sans: readonly string[], matches: boolean])[] =
  [
    ["prom.example", ["DNS:prom.example"], true],
    ["prom.example", ["DNS:other.example", "DNS:prom.example"], true],
    ["prom.example", ["DNS:PROM.example"], false],
    ["prom.example", ["DNS:prom.example\0.evil.example"], false],
    ["prom.example", ["DNS:*.example"], false],
    ["*.example", ["DNS:*.example"], true],
    ["*.example", ["DNS:prom.example"], false],
    ["prom.example", ["URI:http://x/, DNS:prom.example"], false],
    ["prom.example", ["URI:prom.example"], false],
    ["prom.example", ["email:prom.example"], false],
    ["common.example", [], false],
    ["common.example", ["DNS:other.example"], false],
    ["a@b.c", ["email:a@b.c"], true],
    ["a@b.c", ["DNS:a@b.c"], false],
    ["10.0.0.1", ["IP:10.0.0.1"], true],
    ["10.0.0.1", ["DNS:10.0.0.1"], false],
    ["2001:db8::1", ["IP:2001:db8::1"], true],
    ["2001:0DB8:0:0::0001", ["IP:2001:db8::1"], true],
    ["2001:db8::1", ["IP:2001:db8::2"], false],
    ["::ffff:10.0.0.1", ["IP:10.0.0.1"], false],
    ["https://a.example/x", ["URI:https://a.example/x"], true],
    ["https://a.example/x", ["URI:https://a.example/x/"], false],
    ["https://a.example/*", ["URI:https://a.example/x"], false],
    ["https://a.example/x,y", ["URI:https://a.example/x,y"], true],
    ["https://a.example/x,y", ["URI:https://a.example/x", "DNS:y"], false],
    ['https://a.example/"x\\y"', ['URI:https://a.example/"x\\y"'], true],
    ["spiffe://a.example/ns/x", ["URI:spiffe://a.example/ns/x"], true],
    ["spiffe://a.example/ns/x", ["URI:spiffe://a.example/ns/x", "DNS:x"], true],
    ["spiffe://a.example/ns/x", ["URI:spiffe://a.example/ns/x", "URI:http://x/"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example/ns/x"], true],
    ["spiffe://a.example/*", ["URI:spiffe://a.example/ns/x", "URI:spiffe://b.example/y"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example.evil/ns/x"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example/"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example/../b"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example//b"], false],
    ["spiffe://a.example/*", ["URI:spiffe://a.example/b?c"], false],
    ["spiffe://a.example/*", ["DNS:spiffe://a.example/b"], false],
    ["spiffe://a.example/ns/*", ["URI:spiffe://a.example/ns/x"], false],
    ["spiffe://*", ["URI:spiffe://a.example/b"], false],
    ["spiffe:///*", ["URI:spiffe:///b"], false],
  ];

for (const [allowed, sans, matches] of MATCHES) {
  const verb = matches ? "lets in" : "refuses";
  test(`"${allowed}" ${verb} ${JSON.stringify(sans)}`, () => {
    assert.equal(createSanMatcher([allowed])(namesOf(sans)), matches);
    assert.equal(createSanMatcher(["x.example", allowed])(namesOf(sans)), matches);
  });
}

test("sanFault() refuses what no certificate has", () => {
  for (const name of ["", " ", "a b", "a\n", "é"]) assert.notEqual(sanFault(name), undefined);
  for (const [name] of MATCHES) assert.equal(sanFault(name), undefined);
});
