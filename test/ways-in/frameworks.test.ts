import { FRAMEWORKS } from "./frameworks.ts";
import { testContract } from "./test-contract.ts";

testContract(FRAMEWORKS);
