import { nodeModule } from "../../../node.ts";

/** The bearer tokens that let a client in. Only their digests are kept. */
export interface Tokens {
  has(token: string): boolean;
}

/** Makes a set of bearer tokens. How long it takes to look for one does not tell which there are. */
export function createTokens(tokens: readonly string[]): Tokens {
  const { createHash, timingSafeEqual } = nodeModule("node:crypto");
  const digestOf = (token: string) => createHash("sha256").update(token).digest();
  const digests = tokens.map(digestOf);
  return {
    has(token) {
      const given = digestOf(token);
      // All of them are compared.
      return digests.filter((digest) => timingSafeEqual(digest, given)).length > 0;
    },
  };
}
