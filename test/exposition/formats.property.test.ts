import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { negotiateFormat } from "../../src/exposition/formats.ts";
import { FORMATS, type Format } from "../../src/options/options.ts";
import { codePoints } from "../helpers/code-points.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";

/** One generated clause, with what the model has to know about it. */
interface Clause {
  readonly range: string;
  readonly hasParams: boolean;
  /** What the range names; `any` for the full wildcard. */
  readonly names: Format | "any" | undefined;
  readonly thousandths: number;
  readonly escaping: string | undefined;
}

const RANGES: readonly (readonly [range: string, names: Clause["names"]])[] = [
  ["text/plain", "text-0.0.4"],
  ["text/plain;version=0.0.4", "text-0.0.4"],
  ["text/plain;version=1.0.0", "text-1.0.0"],
  ["text/plain;version=3", undefined],
  ["text/*", "text-0.0.4"],
  ["*/*", "any"],
  ["application/*", undefined],
  ["application/openmetrics-text", "openmetrics-1.0.0"],
  ["application/openmetrics-text;version=1.0.0", "openmetrics-1.0.0"],
  ["application/openmetrics-text;version=0.0.1", "openmetrics-0.0.1"],
  ["application/openmetrics-text;version=2.0.0", undefined],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    "protobuf",
  ],
  ["application/json", undefined],
];

const SCHEMES = ["allow-utf-8", "underscores", "dots", "values"];

const clauses: fc.Arbitrary<Clause> = fc
  .record({
    range: fc.constantFrom(...RANGES),
    // Few weights, so that ties are common.
    thousandths: fc.constantFrom(0, 1, 250, 500, 1000),
    escaping: fc.constantFrom(undefined, undefined, "unknown", ...SCHEMES),
  })
  .map(({ range: [range, names], thousandths, escaping }) => ({
    range,
    names,
    thousandths,
    escaping,
    hasParams: range.includes(";") || escaping !== undefined,
  }));

function write({ range, thousandths, escaping }: Clause): string {
  const scheme = escaping === undefined ? "" : `;escaping=${escaping}`;
  return `${range}${scheme};q=${(thousandths / 1000).toFixed(3)}`;
}

function specificity({ range, hasParams }: Clause): number {
  if (range.startsWith("*/*")) return 0;
  if (range.includes("/*")) return 1;
  return hasParams ? 3 : 2;
}

/** The rules as a search for the clause that no other beats, in place of a sort. */
function model(list: readonly Clause[], offer: readonly Format[] | undefined) {
  const offered: readonly Clause["names"][] = offer ?? FORMATS;
  const fallback = offered.includes("text-0.0.4") ? "text-0.0.4" : offered[0];
  const rank = (format: Clause["names"]): number => offered.indexOf(format);
  const candidates = list
    .map((clause, index) => ({
      clause,
      index,
      format: clause.names === "any" ? fallback : clause.names,
    }))
    .filter(({ clause }) => clause.thousandths > 0);
  const beats = (a: (typeof candidates)[number], b: typeof a, isTieByOffer: boolean): boolean => {
    if (a.clause.thousandths !== b.clause.thousandths) {
      return a.clause.thousandths > b.clause.thousandths;
    }
    if (specificity(a.clause) !== specificity(b.clause)) {
      return specificity(a.clause) > specificity(b.clause);
    }
    if (isTieByOffer && a.format !== b.format) {
      return rank(a.format) < rank(b.format);
    }
    return a.index < b.index;
  };
  const best = (of: typeof candidates, isTieByOffer: boolean) =>
    of.find((a) => of.every((b) => a === b || beats(a, b, isTieByOffer)));
  const isValid = ({ clause }: (typeof candidates)[number]): boolean =>
    clause.escaping !== undefined && SCHEMES.includes(clause.escaping);

  const winner = best(
    candidates.filter(({ format }) => rank(format) !== -1),
    offer !== undefined,
  );
  const speaker =
    winner !== undefined && isValid(winner) ? winner : best(candidates.filter(isValid), false);
  return {
    format: winner?.format ?? fallback,
    escaping: speaker?.clause.escaping ?? "underscores",
    isNamed: speaker !== undefined,
  };
}

const offers = fc.option(fc.shuffledSubarray([...FORMATS], { minLength: 1 }), { nil: undefined });

test("negotiateFormat() agrees with a model of the rules", () => {
  fc.assert(
    fc.property(fc.array(clauses, { maxLength: 8 }), offers, (list, offer) => {
      const expected = model(list, offer);
      const actual = negotiateFormat(list.map(write).join(", "), offer);
      assert.equal(actual.format, expected.format);
      assert.equal(actual.escaping, expected.escaping);
      const isNamed = actual.contentType.endsWith(`; escaping=${expected.escaping}`);
      if (actual.format === "openmetrics-0.0.1") assert.equal(isNamed, false);
      else assert.equal(isNamed, expected.isNamed || actual.format.endsWith("-1.0.0"));
    }),
    { numRuns: scaleRuns(1000) },
  );
});

test("negotiateFormat() never throws and returns what is offered, for any header", () => {
  const parts = fc.constantFrom(
    ...["text/plain", "application/openmetrics-text", "*/*", "version", "escaping", "q"],
    ...[",", ";", "=", '"', "\\", "/", "*", " ", "\t", "1.0.0", "0.0.1", "dots", "0"],
  );
  const headers = fc.oneof(
    fc.string({ unit: codePoints, maxLength: 500 }),
    fc.array(parts, { maxLength: 200 }).map((list) => list.join("")),
  );
  fc.assert(
    fc.property(headers, offers, (header, offer) => {
      const { format, escaping, contentType } = negotiateFormat(header, offer);
      assert.ok((offer ?? FORMATS).includes(format));
      assert.ok(SCHEMES.includes(escaping));
      assert.match(contentType, /^[a-z.-]+\/[a-z.-]+(?:; [a-z]+=[A-Za-z0-9.-]+)+$/);
    }),
    { numRuns: scaleRuns(1000) },
  );
});
