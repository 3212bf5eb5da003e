// Fails when the package takes too much room on disk, as npm installs it.
import { packedFiles } from "./packed-files.mjs";

const LIMIT_BYTES = 225_000;

const files = packedFiles();
const sum = (pattern) =>
  files.filter(({ path }) => pattern.test(path)).reduce((total, { size }) => total + size, 0);

const total = sum(/./);
const [code, types] = [sum(/\.js$/), sum(/\.d\.ts$/)];
console.log(
  `Package on disk: ${total} of ${LIMIT_BYTES} bytes; code ${code}, types ${types}, texts ${total - code - types}.`,
);
if (total > LIMIT_BYTES) process.exitCode = 1;
