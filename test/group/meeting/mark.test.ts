import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addToMark,
  type Mark,
  NOBODY,
  readMark,
  writeMark,
} from "../../../src/group/meeting/mark.ts";

const [A, B, C] = ["a".repeat(16), "b".repeat(16), "c".repeat(16)];

const MARK: Mark = {
  pid: 42,
  package: A,
  groups: [
    { address: A, key: B },
    { address: B, key: C },
  ],
  folder: "/tmp/promhttp-0;=,",
};

const MARKS: readonly Mark[] = [
  MARK,
  { ...MARK, package: "" },
  { ...MARK, groups: [] },
  { ...MARK, folder: undefined },
  { pid: 1, package: "", groups: [], folder: undefined },
];

for (const mark of MARKS) {
  test(`readMark() reads ${writeMark(mark)}`, () => {
    assert.deepEqual(readMark(writeMark(mark)), mark);
  });
}

test("readMark() reads the id of a process alone", () => {
  assert.deepEqual(readMark("42"), { pid: 42, package: "", groups: [], folder: undefined });
});

for (const text of [
  undefined,
  "",
  NOBODY,
  "0",
  "-1",
  "42;",
  `42;${A}`,
  `x;${A};;/tmp`,
  `42;../x;;/tmp`,
]) {
  test(`${JSON.stringify(text)} is not a mark`, () => assert.equal(readMark(text), undefined));
}

test("readMark() leaves out groups that are not", () => {
  assert.deepEqual(readMark(`42;${A};${A}=../x,${A}=${B},=;/tmp`)?.groups, [
    { address: A, key: B },
  ]);
});

test("addToMark() adds a group to those of the same process, and replaces one of the same address", () => {
  const text = writeMark({ ...MARK, groups: [{ address: A, key: B }] });
  const added = addToMark(text, { ...MARK, groups: [{ address: C, key: C }] });
  assert.deepEqual(readMark(added)?.groups, [
    { address: A, key: B },
    { address: C, key: C },
  ]);
  const replaced = addToMark(added, { ...MARK, groups: [{ address: A, key: A }] });
  assert.deepEqual(readMark(replaced)?.groups, [
    { address: C, key: C },
    { address: A, key: A },
  ]);
});

test("addToMark() replaces the mark of another process", () => {
  const mark: Mark = { ...MARK, pid: 43, groups: [{ address: C, key: C }] };
  assert.deepEqual(readMark(addToMark(writeMark(MARK), mark)), mark);
  assert.deepEqual(readMark(addToMark(NOBODY, mark)), mark);
});
