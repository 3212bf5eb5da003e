import assert from "node:assert/strict";

const SAMPLE = /^([^\s{]+)(?:\{(.*)\})? (\S+)/;
const LABEL = /([^=,{}\s]+)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a text, each with its name, its labels and its value as text. */
export function samplesOf(body) {
  return body
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
      return { name, labels: Object.fromEntries(labelsOf(labels)), value };
    });
}

function labelsOf(text) {
  return [...text.matchAll(LABEL)].map(([, name, value]) => [name, value]);
}

/** The samples of one name that have these labels, whatever others they have. */
export function matching(body, name, labels = {}) {
  return samplesOf(body).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => (sample.labels[label] ?? "") === value),
  );
}

/** The value of the one sample of a name. */
export function valueIn(body, name, labels) {
  const found = matching(body, name, labels);
  assert.equal(found.length, 1, `${found.length} samples ${name}`);
  return found[0].value;
}

/** Fails unless two texts, or lists of them, are the same, and then says how they differ. */
export function assertSame(actual, expected, what = "") {
  const [got, wanted] = [[actual].flat().join(", "), [expected].flat().join(", ")];
  assert.ok(got === wanted, `${what} ${got} for ${wanted}`.trim());
}

/** Fails unless an answer is whole, and its one sample of a name has this value. */
export function assertValue(answer, name, value, labels) {
  assertAnswered(answer);
  assertSame(valueIn(answer.body, name, labels), String(value), name);
}

/** Fails unless a scrape was answered. */
export function assertAnswered({ status, body }) {
  assert.notEqual(status, 0, "no answer");
  assert.equal(status, 200, `${status}: ${body.slice(0, 80)}`);
}

/** Fails unless an answer came in time. */
export function assertWithin({ ms }, limitMs) {
  assert.ok(ms <= limitMs, `after ${(ms / 1_000).toFixed(1)} s`);
}
