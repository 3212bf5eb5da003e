// Prints how long an import takes, in milliseconds: node bench/cost/load.mjs <url> [what is imported before]
const [wanted, ...before] = process.argv.slice(2);
for (const name of before) await import(name);
// The first dynamic import of a file costs more than each later one.
await import("./empty.mjs?first");
const startedAt = performance.now();
await import(wanted);
console.log(performance.now() - startedAt);
