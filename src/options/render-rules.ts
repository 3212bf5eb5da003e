import { isString } from "./checks.ts";
import type { RenderOptions, ResolvedRenderOptions } from "./options.ts";
import { HANDLER_RULES, type Rules, resolve, resolveHandlerOptions } from "./rules.ts";

const RENDER_RULES: Rules<Pick<ResolvedRenderOptions, keyof RenderOptions>> = {
  logger: HANDLER_RULES.logger,
  timeoutMs: HANDLER_RULES.timeoutMs,
  errorHandling: HANDLER_RULES.errorHandling,
  formats: HANDLER_RULES.formats,
  compression: HANDLER_RULES.compression,
  accept: { default: undefined, check: isString },
  acceptEncoding: { default: undefined, check: isString },
};

/** Does what `resolveOptions()` does for the options of a rendering. */
export function resolveRenderOptions(options: RenderOptions = {}): ResolvedRenderOptions {
  return { ...resolveHandlerOptions(), ...resolve(options, RENDER_RULES, "render()") };
}
