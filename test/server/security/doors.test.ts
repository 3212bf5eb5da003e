import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientAuth } from "../../../src/options/security.ts";
import { type Doors, openedDoor } from "../../../src/server/security/doors.ts";

const doors = (users: readonly string[], tokens: readonly string[] = []): Doors => ({
  policy: { users: new Map(users.map((user) => [user, "hash"])), tokens },
  tls: undefined,
});

const asking = (clientAuth: ClientAuth, clientAllowedSans: readonly string[] = []): Doors => ({
  ...doors([]),
  tls: { settings: { clientAuth, clientAllowedSans } },
});

const VERIFYING = asking("require-and-verify");

const OPENED: readonly [what: string, previous: Doors, next: Doors, door: RegExp][] = [
  ["the last user", doors(["a", "b"]), doors([]), /the last user/],
  ["the last user where a token stays", doors(["a"], ["t"]), doors([], ["t"]), /the last user/],
  ["the last token", doors([], ["t"]), doors([]), /the last token/],
  ["TLS", asking("none"), doors([]), /turn TLS off/],
  ["the demand for a certificate", VERIFYING, asking("verify-if-given"), /have no certificate/],
  ["any demand", asking("require"), asking("request"), /have no certificate/],
  ["its verification", VERIFYING, asking("require"), /not verified/],
  ["what is verified if given", asking("verify-if-given"), asking("none"), /not verified/],
  [
    "the list of names",
    asking("require-and-verify", ["DNS:a"]),
    VERIFYING,
    /whatever the names in their certificates/,
  ],
];

for (const [what, previous, next, door] of OPENED) {
  test(`openedDoor() notices that ${what} would go`, () => {
    const opened = openedDoor(previous, next);
    assert.match(opened ?? "", door);
    assert.match(opened ?? "", /; restart to do that$/);
  });
}

const KEPT: readonly [what: string, previous: Doors, next: Doors][] = [
  ["one user of two", doors(["a", "b"]), doors(["b"])],
  ["another token", doors([], ["t"]), doors([], ["u"])],
  ["more credentials", doors([]), doors(["a"], ["t"])],
  ["a demand for a certificate", asking("none"), asking("require")],
  ["a stricter verification", asking("verify-if-given"), VERIFYING],
  ["a question that nobody needs to answer", asking("request"), asking("none")],
  ["other names", asking("require-and-verify", ["a"]), asking("require-and-verify", ["b", "c"])],
];

for (const [what, previous, next] of KEPT) {
  test(`openedDoor() allows ${what}`, () => {
    assert.equal(openedDoor(previous, next), undefined);
  });
}
