import assert from "node:assert/strict";
import crypto from "node:crypto";
import { mock, test } from "node:test";
import { createTokens } from "../../../../src/http/access/credentials/tokens.ts";

const LIST = ["0123456789abcdef", "fedcba9876543210", "a-third-token-xyz"];

test("createTokens() finds each token, and nothing else", () => {
  const tokens = createTokens(LIST);
  for (const token of LIST) {
    assert.equal(tokens.has(token), true);
    for (const other of ["", `${token}x`, token.slice(0, -1)])
      assert.equal(tokens.has(other), false);
  }
  assert.equal(createTokens([]).has(""), false);
});

test("createTokens() compares digests of all tokens in constant time, whichever is right", () => {
  const compare = mock.method(crypto, "timingSafeEqual");
  try {
    const tokens = createTokens(LIST);
    for (const token of [...LIST, "x"]) {
      compare.mock.resetCalls();
      tokens.has(token);
      const lengths = compare.mock.calls.map(({ arguments: sides }) =>
        sides.map(({ byteLength }) => byteLength),
      );
      assert.deepEqual(
        lengths,
        LIST.map(() => [32, 32]),
      );
    }
  } finally {
    compare.mock.restore();
  }
});
