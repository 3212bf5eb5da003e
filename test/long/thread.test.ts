// Every row of test/fault/ that can do without what only a server in the application's own thread has.
process.env["PROMHTTP_TEST_THREAD"] = "all";

const FILES = [
  "access",
  "client-authorities",
  "client-certificates",
  "clients",
  "collectors",
  "credentials",
  "fuzz",
  "host",
  "malformed",
  "registry-changes",
  "reload",
  "reloads",
  "rotation",
  "smuggling",
  "tls-handshakes",
  "two-listeners",
  "values",
];
for (const file of FILES) await import(`../fault/${file}.test.ts`);
