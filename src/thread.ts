/** The thread of a server, which `server/thread/application/` starts. */

import { readStart } from "./server/thread/environment.ts";
import { serve } from "./server/thread/serving/serve.ts";

// It is not awaited: webpack before 5.94 copies this file into a bundle, and minifies the copy as a script.
void serve(readStart());
