import assert from "node:assert/strict";
import { test } from "node:test";
import { tokensIn } from "../../../src/http/access/token-file.ts";
import { ConfigError } from "../../../src/index.ts";

const read = (text: string) => tokensIn(Buffer.from(text), "/etc/tokens");

test("tokensIn() reads a token from each line, except blank ones and comments", () => {
  const text = "\ufeff# of Prometheus\r\n0123456789abcdef\r\n\n  fedcba9876543210  \n#last\n";
  assert.deepEqual(read(text), ["0123456789abcdef", "fedcba9876543210"]);
});

test("tokensIn() throws for a file without a token", () => {
  for (const text of ["", "\n\n", "# nothing"]) {
    assert.throws(() => read(text), { code: "ERR_PROMHTTP_CONFIG", file: "/etc/tokens" });
  }
});

test("tokensIn() names the line that is not a token, and does not show it", () => {
  for (const line of ["short", "0123456789abcdef oh", "0123456789abcdéf", "0123456789\0abcdef"]) {
    assert.throws(
      () => read(`0123456789abcdef\n\n${line}\n`),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.line, 3);
        assert.ok(!error.message.includes(line));
        return true;
      },
    );
  }
});
