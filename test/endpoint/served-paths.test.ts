import assert from "node:assert/strict";
import { test } from "node:test";
import { readPaths } from "../../src/endpoint/served-paths.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import { countingGatherer } from "../helpers/gatherers.ts";

const PROBE = { allow: "any", probe: () => [] };

const CONNECTIONS: readonly (readonly [
  name: string,
  probe: boolean,
  given: number | undefined,
  expected: number | undefined,
])[] = [
  ["leaves maxConnections as it is without a probe", false, undefined, undefined],
  ["raises maxConnections with a probe", true, undefined, 1_024],
  ["leaves a maxConnections that is given", true, 256, 256],
];

for (const [name, hasProbe, maxConnections, expected] of CONNECTIONS) {
  test(`readPaths() ${name}`, () => {
    const paths = { "/db": countingGatherer(), ...(hasProbe && { "/probe": PROBE }) };
    const { options } = readPaths(resolveOptions({ paths, maxConnections }));
    assert.equal(options.maxConnections, expected);
  });
}

test("readPaths() tells probes from what is gathered", () => {
  const gatherer = { probe: undefined, ...countingGatherer() };
  const { paths } = readPaths(resolveOptions({ paths: { "/db": gatherer, "/probe": PROBE } }));
  assert.deepEqual([...paths.gatherers.keys()], ["/db"]);
  assert.deepEqual([...paths.probes], [["/probe", PROBE]]);
});

test("readPaths() ignores what is inherited", () => {
  const paths = Object.create({ "/db": countingGatherer() });
  assert.equal(readPaths(resolveOptions({ paths })).paths.gatherers.size, 0);
});

test("readPaths() rejects a map, whose entries it would overlook", () => {
  const paths: unknown = new Map([["/probe", PROBE]]);
  assert.throws(() => readPaths(resolveOptions({ paths: paths as never })), TypeError);
});
