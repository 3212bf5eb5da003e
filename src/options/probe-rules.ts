import type { Probe } from "../model/probe.ts";

/** Tells a probe from what can be gathered. */
export function isProbe(value: unknown): value is Probe {
  return typeof (value as Partial<Probe> | null | undefined)?.probe === "function";
}

/**
 * Checks that a probe says which targets may be asked. The rest is checked when it is loaded
 * (`probe/check-probe.ts`).
 *
 * @param name What its user calls it, such as `paths./probe`.
 * @throws {TypeError} When it does not.
 */
export function checkAllow(name: string, { allow }: Probe): void {
  if (allow !== undefined) return;
  throw new TypeError(
    `Option "${name}.allow" must say which targets may be asked, such as "*.lan"`,
  );
}
