import { nodeModule } from "../../node.ts";

/** A set of addresses, as a user writes it: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`. */
export interface Networks {
  /** Whether an address is in one of them; an unknown one is not. */
  has(address: string | undefined): boolean;
  /** Whether all of a network, as `isNetwork()` allows it, is in one of them. */
  holds(network: string): boolean;
  /** Those that name an address within the network, as `10.0.0.5/8`: their users may have meant another. */
  readonly doubtful: readonly string[];
}

interface Network {
  readonly base: bigint;
  readonly hostBits: bigint;
  readonly isIpv4: boolean;
}

/**
 * Makes a set of networks. An IPv4 address and the same one mapped into IPv6 are one: a socket that
 * listens on both shows the second. An IPv6 network that is larger than that mapping contains no IPv4
 * address.
 *
 * @param list Each as `isNetwork()` allows it.
 */
export function createNetworks(list: readonly string[]): Networks {
  const networks = list.map(networkOf);
  const holds = ({ base, hostBits, isIpv4 }: Network) =>
    networks.some(
      (network) =>
        network.isIpv4 === isIpv4 &&
        network.hostBits >= hostBits &&
        network.base >> network.hostBits === base >> network.hostBits,
    );
  return {
    has(address) {
      const base = address === undefined ? undefined : numberOf(address);
      return base !== undefined && holds({ base, hostBits: 0n, isIpv4: isMapped(base) });
    },
    holds: (network) => holds(networkOf(network)),
    doubtful: list.filter((_, index) => {
      const { base, hostBits } = networks[index] as Network;
      return (base >> hostBits) << hostBits !== base;
    }),
  };
}

function networkOf(text: string): Network {
  const [address = "", prefix] = text.split("/");
  // Only a list that nothing has checked could have another.
  const base = numberOf(address) ?? 0n;
  const addressBits = address.includes(":") ? 128 : 32;
  const hostBits = addressBits - Number(prefix ?? addressBits);
  return { base, hostBits: BigInt(hostBits), isIpv4: isMapped(base) && hostBits <= 32 };
}

/**
 * What stands for a client: an IPv4 address, or the /64 of an IPv6 address, in which a client can take
 * any address that it likes (RFC 6177 §2).
 *
 * @returns `undefined` for what is not an address.
 */
export function clientKeyOf(address: string): bigint | undefined {
  const number = numberOf(address);
  return number === undefined || isMapped(number) ? number : number >> 64n;
}

/** Writes an IPv4 address that is mapped into IPv6 as the one that it is. */
export function plainAddress(address: string): string {
  return MAPPED_TEXT.test(address) ? address.slice("::ffff:".length) : address;
}

const MAPPED_TEXT = /^::ffff:\d+\.\d+\.\d+\.\d+$/i;

/** RFC 4291 §2.5.5.2. */
function isMapped(number: bigint): boolean {
  return number >> 32n === 0xffffn;
}

/** The 128 bits of an address, that of IPv4 mapped into IPv6; `undefined` for what is not an address. */
export function numberOf(text: string): bigint | undefined {
  // RFC 4007 §11: a zone says on which link an address is.
  const [address = ""] = text.split("%");
  const version = nodeModule("node:net").isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? (0xffffn << 32n) | ipv4(address) : ipv6(address);
}

function ipv4(text: string): bigint {
  return BigInt(text.split(".").reduce((number, byte) => number * 256 + Number(byte), 0));
}

/** RFC 4291 §2.2. */
function ipv6(text: string): bigint {
  const groups = text.replace(/[^:]*\..*/, (end) => {
    const number = ipv4(end);
    return `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
  });
  const [before = [], after = []] = groups
    .split("::")
    .map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const digits = [...before, ...zeros, ...after].map((group) => group.padStart(4, "0"));
  return BigInt(`0x${digits.join("")}`);
}
