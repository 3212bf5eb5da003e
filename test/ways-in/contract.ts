// What every way in must do, as a list of checks. A check does not know the way: it speaks to it as a
// client, and reads in the journal what happens behind it. It says which lines are logged; any other
// line, an error that reaches the process and a socket that stays open fail it, too.
//
// To add a way is to add a row: `node-ways.ts`, `frameworks.ts` or `runtime-ways.ts`. A way names the
// checks that it cannot pass, and says why.
import { ACCESS } from "./checks/access.ts";
import { ANSWERS } from "./checks/answers.ts";
import { BODIES } from "./checks/bodies.ts";
import type { Check } from "./checks/check.ts";
import { FAILURES } from "./checks/failures.ts";

/** Every check. */
export const CONTRACT: readonly Check[] = [...ANSWERS, ...ACCESS, ...BODIES, ...FAILURES];

/** Checks of the contract, by their names. */
export function checksNamed(pattern: RegExp): readonly Check[] {
  return CONTRACT.filter(({ name }) => pattern.test(name));
}
