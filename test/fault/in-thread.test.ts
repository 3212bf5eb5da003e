// The rows of other files, for a server that lives in a thread; test/long/ runs all of them.
process.env["PROMHTTP_TEST_THREAD"] = "some";

const FILES = [
  "clients",
  "collectors",
  "credentials",
  "fuzz",
  "malformed",
  "reload",
  "rotation",
  "smuggling",
  "values",
];
for (const file of FILES) await import(`./${file}.test.ts`);
