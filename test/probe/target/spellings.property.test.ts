import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTarget } from "../../../src/probe/target/parse-target.ts";
import { createPolicy } from "../../../src/probe/target/policy.ts";
import { QueryError } from "../../../src/scrape/failure.ts";

// An address has many spellings, and URL parsers, resolvers and people each know other ones. Here every
// spelling is made of an address that the test knows, so that it judges without reading any.

/** The IPv4 networks that are protected: base and length of the prefix. */
const PROTECTED: readonly [base: number, bits: number][] = [
  [0x7f00_0000, 8],
  [0x0000_0000, 8],
  [0xa9fe_0000, 16],
  [0x6464_64c8, 32],
  [0xc000_00c0, 32],
  [0xa83f_8110, 32],
];

function isProtected(address: number): boolean {
  return PROTECTED.some(([base, bits]) => address >>> (32 - bits) === base >>> (32 - bits));
}

const addresses = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.tuple(fc.constantFrom(...PROTECTED), fc.nat(0xffff_ffff)).map(([[base, bits], random]) => {
    const mask = bits === 32 ? 0 : 0xffff_ffff >>> bits;
    return (base | (random & mask)) >>> 0;
  }),
);

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** inet_aton(3): one to four numbers, of which the last one fills what is left. */
function numbersOf(address: number, count: number): readonly number[] {
  const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
  const last = bytes.slice(count - 1).reduce((sum, byte) => sum * 256 + byte, 0);
  return [...bytes.slice(0, count - 1), last];
}

const writers: readonly ((number: number) => string)[] = [
  (number) => String(number),
  (number) => `0${number.toString(8)}`,
  (number) => `000${number.toString(8)}`,
  (number) => `0x${number.toString(16)}`,
  (number) => `0X000${number.toString(16).toUpperCase()}`,
  (number) => String(number).padStart(3, "0"),
];

/** Replaces ASCII by what a URL parser maps to it (UTS #46). */
const disguises: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => `${text}.`,
  (text) => `${text}..`,
  (text) => text.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  (text) => text.replaceAll(/[1-9]/g, (digit) => String.fromCharCode(0x245f + Number(digit))),
  (text) => text.replaceAll(".", "。"),
  (text) => text.replaceAll(".", "%2e"),
  (text) => encodeURIComponent(text).replace(/\d/, (digit) => `%3${digit}`),
  (text) => text.replace(/(?<=.)/, "\u00ad"),
];

const oddSpellings = fc
  .tuple(
    addresses,
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.constantFrom(...writers), { minLength: 4, maxLength: 4 }),
    fc.constantFrom(...disguises),
  )
  .map(([address, count, chosen, disguise]) => {
    const parts = numbersOf(address, count).map((number, i) => chosen[i]?.(number) ?? "");
    return { address, spelling: disguise(parts.join(".")) };
  });

const ipv4Spellings = fc.oneof(
  { weight: 9, arbitrary: oddSpellings },
  { weight: 1, arbitrary: addresses.map((address) => ({ address, spelling: dotted(address) })) },
);

/** Eight groups of an IPv6 address, which leads to an IPv4 address; the others are random. */
const embeddings: readonly ((high: number, low: number) => readonly number[])[] = [
  (high, low) => [0, 0, 0, 0, 0, 0xffff, high, low],
  (high, low) => [0, 0, 0, 0, 0, 0, high, low],
  (high, low) => [0, 0, 0, 0, 0xffff, 0, high, low],
  (high, low) => [0x64, 0xff9b, 0, 0, 0, 0, high, low],
  (high, low) => [0x64, 0xff9b, 1, 0, 0, 0, high, low],
  (high, low) => [0x2002, high, low, 0, 0, 0, 0, 1],
];

const ipv6Spellings = fc
  .record({
    address: addresses,
    embed: fc.constantFrom(...embeddings),
    pad: fc.boolean(),
    upper: fc.boolean(),
    compress: fc.boolean(),
    dots: fc.boolean(),
    around: fc.constantFrom(["[", "]"], ["[", "].", ""], ["", ""], ["[", "%25lo]"], ["[", "%lo]"]),
  })
  .map(({ address, embed, pad, upper, compress, dots, around: [open, close] }) => {
    const groups = embed(address >>> 16, address & 0xffff);
    const hex = groups.map((group) => group.toString(16).padStart(pad ? 4 : 1, "0"));
    const isAtEnd = dots && groups[0] !== 0x2002;
    const written = isAtEnd ? [...hex.slice(0, 6), dotted(address)] : hex;
    const text = written.join(":");
    const zeros = compress ? text.replace(/(?:^|:)0+(?::0+)+(?=:|$)/, ":") : text;
    const shortened = zeros === text ? text : zeros.replace(/^:(?!:)/, "::").replace(/:$/, "::");
    const cased = upper ? shortened.toUpperCase() : shortened;
    return { address, spelling: `${open}${cased}${close}` };
  });

/** The host of a target that is accepted, and whether `allow` allows it. */
function judge(allow: string | string[], text: string) {
  try {
    const target = parseTarget(text);
    return { host: target.host, isAllowed: createPolicy(allow, "allow").isAllowed(target) };
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error));
    return undefined;
  }
}

for (const [family, spellings] of [
  ["IPv4", ipv4Spellings],
  ["IPv6", ipv6Spellings],
] as const) {
  test(`no spelling of a protected address is allowed, whatever its notation: ${family}`, () => {
    let accepted = 0;
    let allowed = 0;
    fc.assert(
      fc.property(spellings, fc.constantFrom("", ":80"), ({ address, spelling }, port) => {
        for (const prefix of ["", "http://"]) {
          const verdict = judge(["any", "0.0.0.0/0", "::/0"], prefix + spelling + port);
          if (verdict === undefined) continue;
          accepted++;
          if (verdict.isAllowed) allowed++;
          // `::` and `::1` are addresses of their own.
          const isSpecial = verdict.host === "::" || verdict.host === "::1";
          assert.equal(verdict.isAllowed, !isProtected(address) && !isSpecial, spelling);
        }
      }),
      { numRuns: 5_000 },
    );
    assert.ok(accepted > 200 && allowed > 20, `${accepted} were accepted, ${allowed} allowed`);
  });

  test(`a network allows only spellings of its addresses: ${family}`, () => {
    fc.assert(
      fc.property(spellings, ({ address, spelling }) => {
        const verdict = judge("0.0.0.0/1", spelling);
        if (verdict?.isAllowed) assert.ok(address < 0x8000_0000, spelling);
      }),
      { numRuns: 2_000 },
    );
  });
}

test("an IPv4 address that is accepted is in its usual form", () => {
  fc.assert(
    fc.property(ipv4Spellings, ({ address, spelling }) => {
      const verdict = judge("any", spelling);
      if (verdict !== undefined) assert.equal(verdict.host, dotted(address));
    }),
    { numRuns: 5_000 },
  );
});
