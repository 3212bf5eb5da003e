import { RUNTIME_WAYS } from "../ways-in/runtime-ways.ts";
import { testContract } from "../ways-in/test-contract.ts";

testContract(RUNTIME_WAYS);
