// The ways in to a process that is one of the workers of a group.
import { ACCESS } from "./checks/access.ts";
import { ANSWERS } from "./checks/answers.ts";
import { BODIES } from "./checks/bodies.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { asHub, asMember } from "./group-ways.ts";
import { NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";

const WAYS = [...NODE_WAYS, ...FRAMEWORKS].filter(({ name }) =>
  ["Server", "node:http", "fetch()", "Express by path"].includes(name),
);

/**
 * The metrics of a worker are read as a whole before any of them is sent, so nothing there may be endless.
 * A collector that has begun goes on when the client has gone: the answer counts for later scrapes, too.
 * What fails is in `test/workers/`.
 */
const CHECKS = [...ANSWERS, ...ACCESS, ...BODIES].filter(
  ({ source }) => source !== "endless" && source !== "blocking",
);

testContract(WAYS.map(asHub), CHECKS);

// A member's `Server` does not listen.
testContract(WAYS.filter(({ name }) => name === "node:http" || name === "fetch()").map(asMember), [
  ...ANSWERS,
  ...ACCESS.slice(0, 1),
]);
