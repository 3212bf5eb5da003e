import assert from "node:assert/strict";
import { test } from "node:test";
import { isTwofold, readCredentials } from "../../../../src/http/access/credentials/credentials.ts";

const encode = (text: string | Uint8Array) => Buffer.from(text).toString("base64");

const READABLE: readonly [header: string, credentials: object][] = [
  [`Basic ${encode("prom:secret")}`, { user: "prom", password: "secret" }],
  [`basic ${encode("prom:secret")}`, { user: "prom", password: "secret" }],
  [`BASIC ${encode("a:b:c:")}`, { user: "a", password: "b:c:" }],
  [`Basic ${encode(":")}`, { user: "", password: "" }],
  [`Basic ${encode("zoë:pässword ☃")}`, { user: "zoë", password: "pässword ☃" }],
  [`Basic ${encode("\ufeffa:\ufeffb")}`, { user: "\ufeffa", password: "\ufeffb" }],
  ["Bearer abc.def~ghi+/-_==", { token: "abc.def~ghi+/-_==" }],
  ["bEARER x", { token: "x" }],
];

for (const [header, credentials] of READABLE) {
  test(`readCredentials() reads ${header}`, () => {
    assert.deepEqual(readCredentials(header), credentials);
  });
}

const UNREADABLE: Readonly<Record<string, string>> = {
  nothing: "",
  "a scheme alone": "Basic",
  "a scheme and a blank": "Basic ",
  "an empty token": "Bearer ",
  "two blanks": `Basic  ${encode("prom:secret")}`,
  "a tab": `Basic\t${encode("prom:secret")}`,
  "two values": `Basic ${encode("prom:secret")} x`,
  "another scheme": "Digest abc",
  "base64 without padding": "Basic cHJvbTpzZWNyZXQxMg",
  "base64 for URLs": `Basic ${Buffer.from("a:\xff\xff>>>").toString("base64url")}`,
  "junk in base64": "Basic cHJv!TpzZWNyZXQ=",
  "bytes behind the padding": "Basic YQ==YQ==",
  "no colon": `Basic ${encode("prom")}`,
  "a NUL in the password": `Basic ${encode("prom:secret\0")}`,
  "bytes that are not UTF-8": `Basic ${encode(Uint8Array.of(0x61, 0x3a, 0xff))}`,
  "a surrogate in UTF-8": `Basic ${encode(Uint8Array.of(0x61, 0x3a, 0xed, 0xa0, 0x80))}`,
  "a header of more than 4 KiB": `Basic ${encode(`${"u".repeat(3_100)}:secret`)}`,
  "a token of more than 4 KiB": `Bearer ${"t".repeat(4_096)}`,
};

for (const [what, header] of Object.entries(UNREADABLE)) {
  test(`readCredentials() does not read ${what}`, () => {
    assert.equal(readCredentials(header), undefined);
  });
}

test("isTwofold() finds credentials that come twice", () => {
  assert.ok(!isTwofold(["Host", "a", "Authorization", "Basic x"], "Basic x"));
  assert.ok(isTwofold(["AUTHORIZATION", "Basic x", "authorization", "Basic y"], "Basic x"));
  assert.ok(isTwofold([], "Basic x, Bearer y"));
  assert.ok(isTwofold([], "Bearer x,basic y"));
  assert.ok(!isTwofold([], 'Digest username="a", realm="b"'));
});
