import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../../src/programs/cli/flags/command-line.ts";
import { type InitCommand, parseInit } from "../../../../src/programs/cli/flags/init-flag.ts";

const CASES: readonly (readonly [args: string, expected: Omit<InitCommand, "kind">])[] = [
  ["--init", { language: undefined, folder: "." }],
  ["--init my-exporter", { language: undefined, folder: "my-exporter" }],
  ["my-exporter --init", { language: undefined, folder: "my-exporter" }],
  ["--init=ts", { language: "ts", folder: "." }],
  ["--init ./ts", { language: undefined, folder: "./ts" }],
  ["--init=js my-exporter", { language: "js", folder: "my-exporter" }],
];

for (const [args, expected] of CASES) {
  test(`parseInit() accepts "${args}"`, () => {
    assert.deepEqual(parseInit(args.split(" ")), { kind: "init", ...expected });
  });
}

for (const args of ["", "exporter.mjs", "-- --init", "--init --help", "--init -h", "--initial"]) {
  test(`parseInit() leaves "${args}" to others`, () => {
    assert.equal(parseInit(args.split(" ")), undefined);
  });
}

const WRONG: readonly (readonly [args: string, message: string])[] = [
  ["--init=", '--init must be one of js, ts, got ""'],
  ["--init=python", '--init must be one of js, ts, got "python"'],
  ["--init ts", "Did you mean --init=ts, or the folder ./ts?"],
  ["--init one two", '--init takes only a folder beside it, got "two"'],
  ["--init --log.level=debug", '--init takes only a folder beside it, got "--log.level=debug"'],
  ["--init --init=ts", '--init takes only a folder beside it, got "--init=ts"'],
];

for (const [args, message] of WRONG) {
  test(`parseInit() rejects "${args}"`, () => {
    assert.throws(() => parseInit(args.split(" ")), new UsageError(message));
  });
}
