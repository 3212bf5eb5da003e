// The ways in to a process that is one of the workers of a group.
import { ACCESS } from "./checks/access.ts";
import { ANSWERS } from "./checks/answers.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { asHub, asMember, GROUP_CHECKS } from "./group-ways.ts";
import { NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";

const WAYS = [...NODE_WAYS, ...FRAMEWORKS].filter(({ name }) =>
  ["Server", "node:http", "fetch()", "Express by path"].includes(name),
);

testContract(WAYS.map(asHub), GROUP_CHECKS);

// A member's `Server` does not listen.
testContract(WAYS.filter(({ name }) => name === "node:http" || name === "fetch()").map(asMember), [
  ...ANSWERS,
  ...ACCESS.slice(0, 1),
]);
