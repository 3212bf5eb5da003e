// The ways in to a server in a thread of its own. What happens when either thread is stuck or ends is in
// `test/server/thread/`.
import { SNAPSHOTS } from "./checks/snapshots.ts";
import { CONTRACT } from "./contract.ts";
import { NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";
import { inThread } from "./thread-ways.ts";

const SERVERS = NODE_WAYS.filter(({ name }) => name.startsWith("Server"));

testContract(SERVERS.map(inThread), [...CONTRACT, ...SNAPSHOTS]);
