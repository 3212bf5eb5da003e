// A reporter for `node --test`: a dot for each process, then what failed, and a summary.
import { relative, resolve } from "node:path";
import { inspect } from "node:util";

/** How many of the slowest files the summary names. */
const SLOWEST = 5;

// biome-ignore lint/style/noDefaultExport: Node takes the default export.
export default async function* report(events) {
  const run = {
    files: [],
    failures: [],
    /** How many tests were skipped, by reason. */
    skipped: new Map(),
    passed: 0,
    /** What each file wrote. */
    output: new Map(),
    /** The test that is reported, behind those around it. */
    names: [],
    startMs: performance.now(),
  };
  for await (const { type, data } of events) {
    note(run, type, data);
    if (type === "test:complete" && isFile(data)) yield data.details.passed ? "." : "F";
  }
  yield `\n\n${[...failuresOf(run), ...summaryOf(run)].join("\n")}\n`;
}

function note(run, type, data) {
  switch (type) {
    case "test:start":
      run.names.splice(data.nesting, Infinity, data.name);
      break;
    case "test:complete":
      if (isFile(data)) run.files.push({ file: data.file, ms: data.details.duration_ms });
      break;
    case "test:pass":
      if (data.skip === undefined) run.passed++;
      else run.skipped.set(data.skip, (run.skipped.get(data.skip) ?? 0) + 1);
      break;
    case "test:fail":
      // What failed inside is reported itself.
      if (data.details.error.failureType === "subtestsFailed") break;
      run.failures.push({ ...data, names: run.names.slice(0, data.nesting + 1) });
      break;
    case "test:stdout":
    case "test:stderr":
      run.output.set(data.file, (run.output.get(data.file) ?? "") + data.message);
  }
}

/** Node runs each file as a test that is called like it. */
function isFile({ name, nesting, file }) {
  return nesting === 0 && resolve(name) === file;
}

function* failuresOf({ failures, output }) {
  for (const failure of failures) {
    const { file, names, details } = failure;
    yield `FAILED ${[shorten(file), ...(isFile(failure) ? [] : names)].join(" > ")}`;
    yield `${indent(describe(details.error.cause ?? details.error))}\n`;
  }
  for (const file of new Set(failures.map((failure) => failure.file))) {
    if (!output.has(file)) continue;
    yield `OUTPUT of ${shorten(file)}`;
    yield `${indent(output.get(file))}\n`;
  }
}

function* summaryOf({ files, failures, skipped, passed, startMs }) {
  yield "Slowest:";
  for (const { file, ms } of files.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST))
    yield `${seconds(ms).padStart(8)} ${shorten(file)}`;
  for (const [reason, count] of skipped) yield `Skipped ${count}: ${reason}`;
  yield `${passed} passed, ${failures.length} failed in ${files.length} processes, ${seconds(performance.now() - startMs)}`;
}

/** An assertion says in its message all that it has, and Node's own frames say nothing. */
function describe(error) {
  if (typeof error === "string") return error;
  const text = error?.code === "ERR_ASSERTION" ? error.stack : inspect(error);
  return text.replace(/\n +at .*node:.*/g, "");
}

function shorten(file) {
  return relative(process.cwd(), file);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, "  ");
}
