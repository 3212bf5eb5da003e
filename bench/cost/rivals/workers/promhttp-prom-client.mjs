// promhttp over prom-client, in the primary and the workers of a cluster.
import client from "prom-client";
import { Server } from "../../../../dist/index.js";
import { hostGroup, keptBytesOption } from "../../host-group.mjs";

const options = { workers: true, ...keptBytesOption() };
const join = (port) => Server.listen(client.register, `127.0.0.1:${port}`, options);
await hostGroup(client, { listen: join, join });
