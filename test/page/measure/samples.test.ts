import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { samplesOf } from "../../../src/page/measure/samples.ts";
import { EVERY_TYPE } from "../../helpers/families.ts";
import { gathererWith } from "../../helpers/gatherers.ts";
import { expose } from "../../helpers/scraping/gathering.ts";

function linesOf(family: MetricFamily): string[] {
  return [...family.metrics].flatMap((metric) =>
    samplesOf(family, metric).map(({ series, value }) => `${series} ${value}`),
  );
}

test("samplesOf() gives the values that a scrape of text has, in its order", async () => {
  for (const family of EVERY_TYPE) {
    const { text } = await expose(gathererWith(family));
    const values = text
      .split("\n")
      .flatMap((line) => /^[^#\s{]+(?:\{.*\})? (\S+)/.exec(line)?.[1] ?? []);
    const ours = linesOf(family).map((line) => line.slice(line.lastIndexOf(" ") + 1));
    assert.deepEqual(
      ours.map(Number),
      values.map((value) => Number(value.replace("Inf", "Infinity"))),
      family.name,
    );
  }
});

test("samplesOf() escapes labels, leaves out empty ones and shows the beginning of long ones", () => {
  const labels = { a: 'q"\\\n', b: "", c: "x".repeat(201), d: undefined };
  const family: MetricFamily = {
    name: "g",
    help: "",
    type: "gauge",
    metrics: [{ labels, value: -0.5 }],
  };
  assert.deepEqual(linesOf(family), [
    `g{a="q\\"\\\\\\n",c="${"x".repeat(200)}…",d="undefined"} -0.5`,
  ]);
});
