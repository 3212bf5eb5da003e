// `node --import ./tools/typescript/register.mjs file.ts` runs TypeScript; stack traces show it, too.
import * as nodeModule from "node:module";
import { load } from "./hooks.mjs";

process.setSourceMapsEnabled(true);
// Coverage counts this process only: the hooks' thread and most child processes run none of src/.
delete process.env.NODE_V8_COVERAGE;
// Node 20 has only hooks that run in a thread of their own.
if (nodeModule.registerHooks) nodeModule.registerHooks({ load });
else nodeModule.register("./hooks.mjs", import.meta.url);
