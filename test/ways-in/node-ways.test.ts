import { NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";

testContract(NODE_WAYS);
