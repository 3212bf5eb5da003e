/**
 * What a probe may connect to only where its policy lists it: this machine, whose services often trust whoever
 * reaches them, and the metadata services of clouds, which give away the credentials of the machine.
 */
import { createNetworks, type Networks, numberOf } from "../../http/access/networks.ts";

const LOOPBACK = ["127.0.0.0/8", "::1"];

/** Where most clouds have their metadata service: AWS, Google, Azure, OpenStack. */
const METADATA = "169.254.169.254";

/** The addresses of this machine. */
export const loopback: Networks = createNetworks(LOOPBACK);

/** All addresses that are protected. */
export const protectedNetworks: Networks = createNetworks([
  ...LOOPBACK,
  // RFC 6890 §2.2.2: "this host on this network". Linux connects `0.0.0.0` and `::` to itself.
  "0.0.0.0/8",
  "::",
  // Link-local, which has the metadata services of most clouds.
  "169.254.0.0/16",
  "fe80::/10",
  // The metadata services elsewhere: AWS, Google, Scaleway, Alibaba, Oracle, and the host of Azure.
  "fd00:ec2::/32",
  "fd20:ce::254",
  "fd00:42::42",
  "100.100.100.200",
  "192.0.0.192",
  "168.63.129.16",
]);

/** Names that stand for such addresses, for a probe whose connections do not use the checked `lookup`. */
const NAMES: readonly [name: RegExp, addresses: readonly string[]][] = [
  // RFC 6761 §6.3, and the names that Debian and Red Hat have in `/etc/hosts`.
  [
    /^(?:.*\.)?localhost\d?(?:\.localdomain\d?)?$|^ip6-l(?:ocalhost|oopback)$/,
    ["127.0.0.1", "::1"],
  ],
  [/^metadata(?:\.google\.internal|\.goog)?$|^instance-data(?:\..+)?$/, [METADATA]],
];

/** The protected addresses that a name stands for; none for any other name. */
export function addressesOfName(name: string): readonly string[] {
  return NAMES.find(([names]) => names.test(name))?.[1] ?? [];
}

/** The prefixes after which an IPv6 address ends with an IPv4 address, as numbers without these 32 bits. */
const PREFIXES: readonly bigint[] = [
  // RFC 6052 §2.1 and RFC 8215: a translator, NAT64, connects to the IPv4 address.
  0x64ff9bn << 64n,
  0x64ff9b0001n << 48n,
  // RFC 2765 §2.1: the same, statelessly.
  0xffff0000n,
];

/**
 * The IPv4 address within an IPv6 address that leads to it; `undefined` where there is none. One that is only
 * mapped into IPv6 is IPv4 for `Networks`.
 */
export function ipv4Within(address: string): string | undefined {
  const number = numberOf(address) ?? 0n;
  const prefix = number >> 32n;
  // RFC 4291 §2.5.5.1, IPv4-compatible: not `::` and `::1`.
  if (PREFIXES.includes(prefix) || (prefix === 0n && number > 1n)) return ipv4Text(number);
  // RFC 3056 §2: 6to4.
  return number >> 112n === 0x2002n ? ipv4Text(number >> 80n) : undefined;
}

function ipv4Text(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join(".");
}
