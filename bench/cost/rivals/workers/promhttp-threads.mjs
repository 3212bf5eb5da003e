// promhttp over @prometheus-io/client, in the main thread and in others.
import client from "@prometheus-io/client";
import { Server } from "../../../../dist/index.js";
import { hostGroup, keptBytesOption } from "../../host-group.mjs";

const options = { workers: true, ...keptBytesOption() };
const join = (port) => Server.listen(client.register, `127.0.0.1:${port}`, options);
await hostGroup(client, { listen: join, join, areThreads: true });
