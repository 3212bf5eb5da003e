import assert from "node:assert/strict";
import { test } from "node:test";
import { Failures } from "../../../../src/http/access/credentials/failures.ts";

function failuresAt(time: { now: number }): Failures {
  return new Failures(() => time.now);
}

function failTimes(failures: Failures, count: number, address: string | undefined): void {
  for (let index = 0; index < count; index++) failures.failed(address);
}

test("an address is locked out after ten failures, and may try once more every two seconds", () => {
  const time = { now: 0 };
  const failures = failuresAt(time);
  failTimes(failures, 9, "192.0.2.1");
  assert.equal(failures.lockMs("192.0.2.1"), 0);
  failures.failed("192.0.2.1");
  assert.equal(failures.lockMs("192.0.2.1"), 2_000);
  time.now = 1_500;
  assert.equal(failures.lockMs("192.0.2.1"), 500);
  time.now = 2_000;
  assert.equal(failures.lockMs("192.0.2.1"), 0);
  failures.failed("192.0.2.1");
  assert.equal(failures.lockMs("192.0.2.1"), 2_000);
});

test("only the address that fails is locked out, and all of its /64", () => {
  const failures = failuresAt({ now: 0 });
  failTimes(failures, 10, "192.0.2.1");
  failTimes(failures, 10, "2001:db8::1");
  assert.equal(failures.lockMs("192.0.2.2"), 0);
  assert.equal(failures.lockMs("2001:db8:0:1::1"), 0);
  assert.equal(failures.lockMs("2001:db8::2"), 2_000);
  assert.equal(failures.lockMs("::ffff:192.0.2.1"), 2_000);
});

test("what has no address is never locked out", () => {
  const failures = failuresAt({ now: 0 });
  failTimes(failures, 20, undefined);
  failTimes(failures, 20, "unknown");
  assert.equal(failures.lockMs(undefined), 0);
  assert.equal(failures.lockMs("unknown"), 0);
});

test("failures of 1,024 addresses are remembered; the one that failed least recently goes first", () => {
  const failures = failuresAt({ now: 0 });
  failTimes(failures, 10, "10.0.0.1");
  failTimes(failures, 10, "10.0.0.2");
  for (let index = 0; index < 1_022; index++) failures.failed(`10.1.${index >> 8}.${index & 255}`);
  failures.failed("10.0.0.1");
  failures.failed("10.2.0.0");
  assert.ok(failures.lockMs("10.0.0.1") > 0);
  assert.equal(failures.lockMs("10.0.0.2"), 0);
});

test("an address is a regular once it has succeeded; the first of 1,024 goes first", () => {
  const failures = failuresAt({ now: 0 });
  failures.succeeded(undefined);
  for (let index = 0; index < 1_024; index++)
    failures.succeeded(`10.1.${index >> 8}.${index & 255}`);
  assert.ok(failures.isRegular("10.1.0.0"));
  failures.succeeded("10.1.0.0");
  failures.succeeded("10.2.0.0");
  assert.ok(!failures.isRegular("10.1.0.0"));
  assert.ok(failures.isRegular("10.1.0.1"));
  assert.ok(!failures.isRegular(undefined));
});
