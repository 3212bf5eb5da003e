// What TLS, passwords and reloads cost, and what attacks do to a server meanwhile.
//
//   npm run build && npm ci --prefix bench && node bench/robustness/secure/run.mjs [--write | --check]
//
//   --write  renews the part of bench/RESULTS.md
//   --check  fails when a figure of ours is beyond its bound in three tries
//
// It takes about three minutes. Debian's prometheus-node-exporter is measured beside ours where it is installed.
import { parseArgs } from "node:util";
import { writePart } from "../../cost/write-results.mjs";
import { BOUNDS } from "./bounds.mjs";
import { startNodeExporter, startOurs } from "./exporters.mjs";
import { Files, measurePassword } from "./files.mjs";
import { measureOrdeal, ORDEALS } from "./ordeals.mjs";
import { reportOf } from "./report.mjs";
import { measureTls } from "./tls-cost.mjs";

/** Something else may use the machine. */
const TRIES = 3;

const flag = { type: "boolean", default: false };
const { values: modes } = parseArgs({ options: { write: flag, check: flag } });

const files = new Files();
try {
  await (modes.check ? check() : full());
} finally {
  files.remove();
}

async function full() {
  const results = {
    tls: await measureTls(files),
    ours: await ordealsOf(() => startOurs(files.config)),
  };
  const theirs = await startNodeExporter(files);
  if (theirs !== undefined) {
    await theirs.stop();
    results.theirs = await ordealsOf(() => startNodeExporter(files));
  }
  const report = reportOf(results);
  console.log(report);
  if (modes.write) writePart("secure", report);
}

async function check() {
  let broken = [];
  for (let turn = 0; turn < TRIES; turn++) {
    const results = {
      passwordMs: measurePassword(),
      tls: await measureTls(files),
      ours: await ordealsOf(() => startOurs(files.config)),
    };
    console.log(reportOf(results));
    broken = BOUNDS.filter(({ isKept }) => !isKept(results));
    if (broken.length === 0) return;
  }
  for (const { text } of broken) console.error(`Not kept, ${TRIES} times: ${text}`);
  process.exitCode = 1;
}

/** Does everything to a server, each to a new one. */
async function ordealsOf(startServer) {
  const figures = {};
  for (const [name, inflict] of Object.entries(ORDEALS)) {
    const target = await startServer();
    try {
      figures[name] = await measureOrdeal(inflict, target, files);
    } finally {
      await target.stop();
    }
  }
  return figures;
}
