// The ways in to a process that is the hub of a group.
import { FRAMEWORKS } from "./frameworks.ts";
import { inGroup, NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";

const EXPRESS = FRAMEWORKS.filter(({ name }) => name === "Express by path");

testContract([...NODE_WAYS, ...EXPRESS].filter(({ name }) => name !== "HTTP/2").map(inGroup));
