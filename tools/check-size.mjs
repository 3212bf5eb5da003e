// Fails when our own code and types take too much room on disk, as npm installs them. What a process
// loads of them has a bound of its own: test/scrape/loading.test.ts.
import { packedFiles } from "./packed-files.mjs";

// A server in a thread took 47,000 bytes, nearly all of it code that is loaded on use. No code is in two files.
const MAX_BYTES = 800_000;

/** The parts of the package; a file belongs to the first whose pattern it matches. */
const PARTS = [
  ["bundled libraries", /^dist\/libraries\//],
  ["code", /^dist\/.*\.js$/],
  ["types", /^dist\/.*\.d\.ts$/],
  ["guides", /^docs\//],
  ["examples", /^examples\//],
  ["other texts", /./],
];

const bytesOf = Object.fromEntries(PARTS.map(([part]) => [part, 0]));
for (const { path, size } of packedFiles()) {
  const [part] = PARTS.find(([, pattern]) => pattern.test(path));
  bytesOf[part] += size;
}
for (const [part, bytes] of Object.entries(bytesOf)) {
  console.log(`${part.padEnd(20)}${String(bytes).padStart(8)} bytes`);
}
const own = bytesOf.code + bytesOf.types;
console.log(`${"code and types".padEnd(20)}${String(own).padStart(8)} of ${MAX_BYTES} bytes`);
if (own > MAX_BYTES) process.exitCode = 1;
