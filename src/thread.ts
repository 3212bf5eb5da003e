/** The thread of a server, which `server/thread/application/` starts. */

import { readStart } from "./server/thread/environment.ts";
import { serve } from "./server/thread/serving/serve.ts";

await serve(readStart());
