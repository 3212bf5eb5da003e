import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  ExpositionError,
  normalizeBounds,
  type ParsedFamily,
  parseOpenMetrics,
  parseProtobuf,
  parseText,
  protoToSamples,
} from "../judge/index.ts";
import { findCorpus } from "./corpora.ts";

const expfmt = findCorpus("expfmt", "prometheus/common, expfmt/testdata and expfmt/fuzz/corpus");
const prometheus = findCorpus("prometheus", "prometheus/prometheus, model/textparse/testdata");

const byName = (families: readonly ParsedFamily[]): ParsedFamily[] =>
  families.toSorted((left, right) => (left.name < right.name ? -1 : 1));

if (expfmt !== undefined) {
  const fuzz = join(expfmt, "text-fuzz");
  for (const name of readdirSync(fuzz).sort()) {
    const body = readFileSync(join(fuzz, name));
    const isWrong = name.includes("error");
    test(`parseText() leniently ${isWrong ? "rejects" : "accepts"} the input ${name}`, () => {
      if (isWrong) {
        assert.throws(() => parseText(body, { lenient: true }), ExpositionError);
      } else {
        assert.doesNotThrow(() => parseText(body, { lenient: true }));
      }
    });
  }

  test("parseProtobuf() and parseText() read the same samples", () => {
    const text = parseText(readFileSync(join(expfmt, "text")));
    const protobuf = parseProtobuf(readFileSync(join(expfmt, "protobuf")));
    assert.equal(text.length, 37);
    assert.deepEqual(byName(protoToSamples(protobuf)), byName(normalizeBounds(text)));
  });
}

if (prometheus !== undefined) {
  const read = (name: string): string => readFileSync(join(prometheus, name), "utf8");

  test("parseText() reads an exposition of real size, strictly except for its last line", () => {
    // The body is text 0.0.4 but ends as OpenMetrics does.
    const body = read("alltypes.237mfs.prom.txt");
    const strict = parseText(body.replace(/# EOF\n$/, ""));
    assert.equal(strict.length, 237);
    assert.deepEqual(parseText(body, { lenient: true }), strict);
  });

  test("parseText() reads an exposition without metadata, leniently", () => {
    const names = ({ samples }: ParsedFamily): string[] => samples.map(({ name }) => name);
    const bare = parseText(read("alltypes.237mfs.nometa.prom.txt"), { lenient: true });
    const whole = parseText(read("alltypes.237mfs.prom.txt"), { lenient: true });
    assert.deepEqual(bare.flatMap(names).sort(), whole.flatMap(names).sort());
  });

  test("parseOpenMetrics() reads histograms of real size", () => {
    assert.equal(parseOpenMetrics(read("1histogram.om.txt")).length, 1);
  });

  test("parseOpenMetrics() rejects a negative sum only with strict semantics", () => {
    const body = read("alltypes.5mfs.om.txt");
    assert.throws(() => parseOpenMetrics(body), /rpc_durations_histogram_seconds_sum is negative/);
    assert.equal(parseOpenMetrics(body, { strictSemantics: false }).length, 5);
  });
}
