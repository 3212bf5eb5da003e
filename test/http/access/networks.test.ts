import assert from "node:assert/strict";
import { test } from "node:test";
import { clientKeyOf, createNetworks, plainAddress } from "../../../src/http/access/networks.ts";

const CASES: readonly [network: string, inside: readonly string[], outside: readonly string[]][] = [
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "::10.1.2.3"]],
  ["10.1.2.3", ["10.1.2.3", "::FFFF:a01:203"], ["10.1.2.2", "10.1.2.4"]],
  ["10.0.0.5/8", ["10.9.9.9"], ["9.0.0.5"]],
  ["0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1", "2001:db8::1"]],
  ["2001:db8::/32", ["2001:db8::", "2001:DB8:ffff:0:0:0:0:1"], ["2001:db9::", "10.0.0.1"]],
  ["::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "127.0.0.1"]],
  ["::/0", ["::1", "2001:db8::1"], ["10.0.0.1", "::ffff:10.0.0.1"]],
  ["fe80::/10", ["fe80::1%eth0", "febf::1"], ["fec0::1"]],
  ["::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.9.9.9"], ["11.0.0.0", "::1"]],
  ["64:ff9b::192.0.2.0/120", ["64:ff9b::c000:201"], ["192.0.2.1"]],
  ["1:2:3:4:5:6:7:8/127", ["1:2:3:4:5:6:7:9"], ["1:2:3:4:5:6:7:a"]],
];

for (const [network, inside, outside] of CASES) {
  test(`createNetworks() knows which addresses are in ${network}`, () => {
    const networks = createNetworks(["192.0.2.77", network]);
    for (const address of inside) assert.ok(networks.has(address), address);
    for (const address of outside) assert.ok(!networks.has(address), address);
  });
}

test("an address that is unknown or is not one is in no network", () => {
  const networks = createNetworks(["0.0.0.0/0", "::/0"]);
  for (const address of [undefined, "", "unknown", "1.2.3", "010.0.0.1", "::g"]) {
    assert.ok(!networks.has(address), address);
  }
});

test("createNetworks() says which networks name an address within them", () => {
  const { doubtful } = createNetworks(["10.0.0.0/8", "10.0.0.5/8", "10.0.0.5", "::1/64", "::/0"]);
  assert.deepEqual(doubtful, ["10.0.0.5/8", "::1/64"]);
});

test("clientKeyOf() tells IPv4 addresses apart, and the /64 of IPv6 addresses", () => {
  assert.equal(clientKeyOf("10.0.0.1"), clientKeyOf("::ffff:10.0.0.1"));
  assert.notEqual(clientKeyOf("10.0.0.1"), clientKeyOf("10.0.0.2"));
  assert.equal(clientKeyOf("2001:db8::1"), clientKeyOf("2001:db8::ffff:ffff:ffff:ffff"));
  assert.notEqual(clientKeyOf("2001:db8::1"), clientKeyOf("2001:db8:0:1::1"));
  assert.equal(clientKeyOf("unknown"), undefined);
});

test("plainAddress() shows an IPv4 address that is mapped into IPv6", () => {
  assert.equal(plainAddress("::ffff:10.0.0.1"), "10.0.0.1");
  assert.equal(plainAddress("::1"), "::1");
});

test("holds() says whether all of a network is in one of them", () => {
  const networks = createNetworks(["127.0.0.0/8", "::1", "fe80::/10"]);
  for (const network of [
    "127.0.0.0/8",
    "127.1.0.0/16",
    "127.0.0.1",
    "::ffff:127.0.0.0/104",
    "::1",
  ]) {
    assert.ok(networks.holds(network), network);
  }
  for (const network of [
    "0.0.0.0/0",
    "126.0.0.0/7",
    "::/0",
    "::/127",
    "fe80::/9",
    "::ffff:0:0/96",
  ]) {
    assert.ok(!networks.holds(network), network);
  }
});
