import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes } from "../../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../../src/gatherers/opentelemetry/gatherer.ts";
import type { TranslationStrategy } from "../../../../src/gatherers/opentelemetry/mapping-options.ts";
import { labelNameOf } from "../../../../src/gatherers/opentelemetry/naming/label-name.ts";
import { labelValueOf } from "../../../../src/gatherers/opentelemetry/naming/label-value.ts";
import {
  type InstrumentKind,
  translateName,
  translationOf,
} from "../../../../src/gatherers/opentelemetry/naming/metric-name.ts";
import { unitWord } from "../../../../src/gatherers/opentelemetry/naming/unit-word.ts";
import { expose } from "../../../helpers/scraping/gathering.ts";
import { parseText, sampleKey } from "../../../judge/index.ts";
import type { Body } from "./bodies.ts";
import { readerOf } from "./collections.ts";
import { DIFFERENCES } from "./differences.ts";
import { CONFLICTS } from "./opentelemetry-go/conflicts.ts";
import { ONE_SCOPE } from "./opentelemetry-go/one-scope.ts";
import { RESOURCE as GO_RESOURCE } from "./opentelemetry-go/resource.ts";
import * as java from "./opentelemetry-java.ts";
import { BODIES as JAVA_BODIES, RESOURCE as JAVA_RESOURCE } from "./opentelemetry-java-bodies.ts";
import * as otlptranslator from "./otlptranslator.ts";

/** What another implementation makes of something, and what we make of it. */
interface Comparison {
  readonly of: string;
  readonly theirs: string;
  readonly ours: string;
}

function* compareNames(): Generator<Comparison> {
  for (const [key, cases] of Object.entries(otlptranslator.METRIC_NAMES)) {
    // Object.entries() widens keys.
    const strategy = key as TranslationStrategy;
    for (const [name, unit, kind, theirs, word, prefix = ""] of cases) {
      const all = prefix === "" ? [name, unit, kind] : [name, unit, kind, prefix];
      const of = `otlptranslator names [${all.join(", ")}] by ${strategy}`;
      yield { of, theirs, ours: nameOf(name, unit, kind, strategy, prefix) };
      if (word === undefined || prefix !== "" || strategy !== "UnderscoreEscapingWithSuffixes") {
        continue;
      }
      const ours = unitWord(unit, false);
      yield { of: `otlptranslator gives the unit ${unit}`, theirs: word, ours };
    }
  }
  for (const [strategy, name, unit, kind, theirs] of java.METRIC_NAMES) {
    const of = `opentelemetry-java names [${[name, unit, kind].join(", ")}] by ${strategy}`;
    yield { of, theirs, ours: nameOf(name, unit, kind, strategy, "") };
  }
  for (const [unit, theirs] of Object.entries(java.UNITS)) {
    yield { of: `opentelemetry-java gives the unit ${unit}`, theirs, ours: unitWord(unit, false) };
  }
}

function nameOf(
  name: string,
  unit: string,
  kind: InstrumentKind,
  strategy: TranslationStrategy,
  prefix: string,
): string {
  return translateName(name, unit, kind, translationOf(strategy, true, prefix))?.name ?? "";
}

function* compareLabels(): Generator<Comparison> {
  for (const [key, theirs] of Object.entries(otlptranslator.LABEL_NAMES)) {
    yield { of: `otlptranslator labels ${key}`, theirs, ours: labelNameOf(key, true) };
  }
  for (const [key, theirs] of Object.entries(java.LABEL_NAMES)) {
    yield { of: `opentelemetry-java labels ${key}`, theirs, ours: labelNameOf(key, true) };
  }
  for (const { of, value, text } of java.LABEL_VALUES) {
    yield { of: `opentelemetry-java writes a ${of}`, theirs: text, ours: labelValueOf(value) };
  }
}

/** Compares a body fact by fact; what differs is a text with `-` for theirs and `+` for ours. */
async function compareBody(of: string, body: Body, resource: Attributes): Promise<Comparison> {
  const theirs = factsOf(body.body);
  const ours = factsOf(await serve({ resource, ...body }));
  const missing = theirs.filter((fact) => !ours.includes(fact)).map((fact) => `- ${fact}`);
  const added = ours.filter((fact) => !theirs.includes(fact)).map((fact) => `+ ${fact}`);
  const different = [...missing, ...added].join("\n");
  return { of: `${of} serves ${body.name}`, theirs: "", ours: different };
}

async function serve({ options, resource = {}, scopes }: Body): Promise<string> {
  const { text } = await expose(gathererOf(readerOf(resource, scopes), options), "allow-utf-8");
  return text;
}

/** What a scraper reads of a body, whatever its order. */
function factsOf(body: string): string[] {
  return parseText(Buffer.from(body), { utf8Names: true }).flatMap(
    ({ name, type, help = "", samples }) => [
      `${name}: ${type}, ${help}`,
      ...samples.map((sample) => `${sampleKey(sample)} ${sample.value}`),
    ],
  );
}

const GO_BODIES: readonly Body[] = [...ONE_SCOPE, ...CONFLICTS];
const COMPARISONS: readonly Comparison[] = [
  ...compareNames(),
  ...compareLabels(),
  ...(await Promise.all([
    ...GO_BODIES.map((body) => compareBody("opentelemetry-go", body, GO_RESOURCE)),
    ...JAVA_BODIES.map((body) => compareBody("opentelemetry-java", body, JAVA_RESOURCE)),
  ])),
];
const EXPECTED = new Map(DIFFERENCES.map(({ of, ours }) => [of, ours]));

test("the tables of other implementations are whole", () => {
  const { METRIC_NAMES, LABEL_NAMES } = otlptranslator;
  assert.equal(Object.values(METRIC_NAMES).flat().length, 84);
  assert.equal(Object.keys(LABEL_NAMES).length, 16);
  assert.equal(Object.keys(java.UNITS).length, 45);
  assert.equal(GO_BODIES.length, 41);
});

test("names, units, labels and bodies differ from other implementations only on purpose", () => {
  const different = COMPARISONS.filter(({ theirs, ours }) => ours !== theirs);
  assert.deepEqual(
    new Map(different.map(({ of, ours }) => [of, ours])),
    EXPECTED,
    "a difference is not in the table, or no difference any more",
  );
});
