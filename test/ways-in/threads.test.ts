// The ways in to a server in a thread of its own. What happens when either thread is stuck or ends is in
// `test/server/thread/`.
import { SNAPSHOTS } from "./checks/snapshots.ts";
import { asHub, GROUP_CHECKS } from "./group-ways.ts";
import { NODE_WAYS } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";
import { inThread } from "./thread-ways.ts";

const SERVERS = NODE_WAYS.filter(({ name }) => name.startsWith("Server"));

testContract(SERVERS.map(inThread));

const SERVER = SERVERS.filter(({ name }) => name === "Server");

testContract(SERVER.map(inThread), SNAPSHOTS);

// The thread answers for the group, and the application is one of its workers.
testContract(
  SERVER.map((way) => inThread(asHub(way))),
  GROUP_CHECKS,
);
