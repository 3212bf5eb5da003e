import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { groupIdOf } from "../../../../src/programs/cli/flags/group-id.ts";

/** As the C library names the group of this process; on Windows there is none. */
const hasGroups = process.getegid !== undefined && process.platform !== "darwin";

test("groupIdOf() finds a group by its name", { skip: !hasGroups }, () => {
  const name = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
  assert.equal(groupIdOf(name), process.getegid?.());
});

test("groupIdOf() takes an id as it is, whether or not the group exists", () => {
  assert.equal(groupIdOf("0"), 0);
  assert.equal(groupIdOf("4294967294"), 4_294_967_294);
});

for (const group of ["", "-1", "4294967295", "99999999999", "no such group", "--help", "x:y"]) {
  test(`groupIdOf() finds no group "${group}"`, () => {
    assert.equal(groupIdOf(group), undefined);
  });
}
