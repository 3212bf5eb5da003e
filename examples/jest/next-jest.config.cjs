// The configuration of Jest for a Next.js application, whose compiler makes CommonJS.
const nextJest = require("next/jest");

const createConfig = nextJest({ dir: __dirname })({ testEnvironment: "node" });
module.exports = async () => ({
  ...(await createConfig()),
  transformIgnorePatterns: ["/node_modules/(?!(.*/)?promhttp/)"],
});
