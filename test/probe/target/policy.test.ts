import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeTarget, TargetRule } from "../../../src/model/probe.ts";
import { parseTarget } from "../../../src/probe/target/parse-target.ts";
import { createPolicy } from "../../../src/probe/target/policy.ts";

function isAllowed(allow: TargetRule | readonly TargetRule[], text: string): boolean {
  return createPolicy(allow, "allow").isAllowed(parseTarget(text));
}

const POLICIES: readonly {
  readonly allow: TargetRule | readonly TargetRule[];
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}[] = [
  {
    allow: "db1.example.com",
    allowed: ["db1.example.com", "DB1.Example.Com.:5432", "https://db1.example.com/x"],
    refused: ["db2.example.com", "example.com", "a.db1.example.com", "db1.example.com.evil.com"],
  },
  { allow: "DB1.Example.com.", allowed: ["db1.example.com"], refused: ["db1"] },
  {
    allow: "*.example.com",
    allowed: ["a.example.com", "a.b.EXAMPLE.com"],
    refused: ["example.com", "aexample.com", "a.example.com.evil.com", "10.0.0.1"],
  },
  { allow: "*.lan", allowed: ["a.lan"], refused: ["lan", "a.lan.de"] },
  {
    allow: "10.0.0.7",
    allowed: ["10.0.0.7:80", "[::ffff:10.0.0.7]", "[64:ff9b::10.0.0.7]"],
    refused: ["10.0.0.70", "10.0.0.8", "a.10.0.0.7.nip.io"],
  },
  {
    allow: ["10.0.0.0/8", "2001:db8::/32"],
    allowed: ["10.255.0.1", "[2001:db8::1]:80", "[2001:DB8:0:0:0:0:0:1]"],
    refused: ["11.0.0.1", "[2001:db9::1]", "[::10:0:0:1]", "db1.lan", "10.0.0.1.lan", "localhost"],
  },
  { allow: "64:ff9b::/96", allowed: ["[64:ff9b::8.8.8.8]"], refused: ["8.8.8.8"] },
  {
    allow: ({ port, scheme }) => port === 5_432 || scheme === "https",
    allowed: ["db1:5432", "https://db1"],
    refused: ["db1", "db1:5433", "http://db1", "127.0.0.1:5432", "localhost:5432"],
  },
  { allow: [() => false, "a.lan"], allowed: ["a.lan"], refused: ["b.lan"] },
  {
    allow: "any",
    allowed: ["a.lan", "8.8.8.8", "[2001:db8::1]", "notlocalhost", "metadata.lan", "192.0.0.193"],
    refused: [
      "localhost",
      "LOCALHOST.:80",
      "a.localhost",
      "localhost.localdomain",
      "localhost6",
      "ip6-localhost",
      "ip6-loopback",
      "metadata",
      "metadata.google.internal",
      "metadata.goog",
      "instance-data",
      "instance-data.ec2.internal",
      "127.0.0.1",
      "127.255.255.254",
      "[::1]",
      "0.0.0.0",
      "0.1.2.3",
      "[::]",
      "169.254.169.254",
      "169.254.0.1",
      "[fe80::1]",
      "[febf:ffff::1]",
      "[fd00:ec2::254]",
      "[fd00:ec2::23]",
      "[fd20:ce::254]",
      "[fd00:42::42]",
      "100.100.100.200",
      "192.0.0.192",
      "168.63.129.16",
      "[::ffff:127.0.0.1]",
      "[::ffff:a9fe:a9fe]",
      "[::127.0.0.1]",
      "[::ffff:0:127.0.0.1]",
      "[64:ff9b::127.0.0.1]",
      "[64:ff9b::a9fe:a9fe]",
      "[64:ff9b:1::169.254.169.254]",
      "[2002:7f00:1::]",
      "[2002:a9fe:a9fe::1]",
    ],
  },
  // Networks that are larger than a protected one do not name it.
  {
    allow: ["0.0.0.0/0", "::/0", "100.64.0.0/10"],
    allowed: ["8.8.8.8", "[2001:db8::1]", "100.64.0.1"],
    refused: ["127.0.0.1", "169.254.169.254", "100.100.100.200", "[::1]", "[fe80::1]", "localhost"],
  },
  { allow: "126.0.0.0/7", allowed: ["126.0.0.1"], refused: ["127.0.0.1"] },
  { allow: "::ffff:0:0/96", allowed: ["8.8.8.8"], refused: ["127.0.0.1", "0.0.0.0"] },
  {
    allow: ["any", "127.0.0.0/8"],
    allowed: ["127.0.0.1", "localhost", "a.localhost", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"],
    refused: ["[::1]", "0.0.0.0", "169.254.169.254"],
  },
  { allow: "127.0.0.1", allowed: ["127.0.0.1"], refused: ["127.0.0.2", "localhost", "[::1]"] },
  { allow: "::1", allowed: ["[::1]", "[0:0:0:0:0:0:0:1]"], refused: ["127.0.0.1", "[::]"] },
  { allow: "fe80::/64", allowed: ["[fe80::1]"], refused: ["[fe80:0:0:1::1]"] },
  {
    allow: ["any", "169.254.169.254"],
    allowed: ["169.254.169.254", "metadata.google.internal", "[::ffff:169.254.169.254]"],
    refused: ["169.254.169.253", "localhost"],
  },
  { allow: "localhost", allowed: ["localhost:80"], refused: ["127.0.0.1", "a.localhost", "[::1]"] },
  { allow: "a.localhost", allowed: ["a.localhost"], refused: ["localhost", "b.localhost"] },
  { allow: "*.localhost", allowed: [], refused: ["localhost", "a.localhost"] },
  { allow: "metadata.goog", allowed: ["metadata.goog"], refused: ["169.254.169.254"] },
];

for (const { allow, allowed, refused } of POLICIES) {
  test(`createPolicy() allows what ${String(allow)} says, and nothing else`, () => {
    for (const text of allowed) assert.ok(isAllowed(allow, text), `${text} is refused`);
    for (const text of refused) assert.ok(!isAllowed(allow, text), `${text} is allowed`);
  });
}

const FAULTY: readonly unknown[] = [
  "",
  "*",
  "*.",
  "*.*.lan",
  "**.lan",
  "a.*",
  "db1:5432",
  "http://db1",
  "[::1]",
  "*.10.0.0.1",
  "10.0.0.0/33",
  "10.0.0/8",
  "0x7f.1",
  "010.0.0.1",
  "fe80::1%eth0",
  "a b",
  "bücher.example",
  5,
  null,
  undefined,
  /lan/,
  ["a.lan"],
];

for (const rule of FAULTY) {
  test(`createPolicy() refuses the rule ${JSON.stringify(rule) ?? rule}`, () => {
    // Cast: the compiler would not let it through.
    assert.throws(() => createPolicy([rule as TargetRule], "paths./x.allow"), {
      name: "RangeError",
      message: /^Option "paths.\/x.allow" must be a host, a domain such as .*, got /,
    });
  });
}

test("a function that does not return a boolean allows nothing", () => {
  for (const verdict of [
    Promise.resolve(true),
    Promise.reject(new Error("late")),
    1,
    "yes",
    undefined,
    {},
  ]) {
    // Cast: the compiler would not let it through.
    const allow = (() => verdict) as unknown as TargetRule;
    assert.throws(() => isAllowed(allow, "a.lan"), {
      name: "TypeError",
      message: /must return a boolean/,
    });
  }
});

test("what a function throws is thrown, and nothing is allowed", () => {
  const allow = (): boolean => {
    throw new RangeError("broken");
  };
  assert.throws(() => isAllowed(allow, "a.lan"), /broken/);
  assert.throws(() => isAllowed(["b.lan", () => false, allow], "a.lan"), /broken/);
});

test("a function sees the target as it was read", () => {
  const seen: ProbeTarget[] = [];
  isAllowed((target) => seen.push(target) > 0, "HTTPS://A.lan:8443/x");
  assert.deepEqual(seen, [
    {
      text: "https://a.lan:8443/x",
      host: "a.lan",
      port: 8_443,
      scheme: "https",
      authority: "a.lan:8443",
    },
  ]);
});

test("functions are not asked about what is protected, nor about what is allowed without them", () => {
  const allow = (): boolean => assert.fail("It was called");
  assert.ok(!isAllowed(allow, "127.0.0.1"));
  assert.ok(isAllowed([allow, "127.0.0.1"], "127.0.0.1"));
});

test("a policy does not change with the array that it was made of", () => {
  const allow: TargetRule[] = ["a.lan"];
  const policy = createPolicy(allow, "allow");
  allow[0] = "any";
  assert.ok(!policy.isAllowed(parseTarget("b.lan")));
});
