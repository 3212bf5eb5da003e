import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "../../../../src/http/access/credentials/password-thread.ts";
import { Passwords } from "../../../../src/http/access/credentials/passwords.ts";
import { turns } from "../../../helpers/turns.ts";

/** The hash of a cost, of which the fake thread knows the password. */
const hashOf = (cost: string, password: string) => `$2y$${cost}$${password.padEnd(53, ".")}`;

/** Compares nothing until it is told to, and counts. */
function fakeThread() {
  const started: Comparison[] = [];
  const waiting: ((isRight: boolean) => void)[] = [];
  return {
    started,
    isClosed: false,
    compare(comparison: Comparison): Promise<boolean> {
      started.push(comparison);
      return new Promise((resolve) => waiting.push(resolve));
    },
    /** Ends the comparison that runs. */
    async next(): Promise<void> {
      const { password = "", hashes = [] } = started.at(-1) ?? {};
      waiting.shift()?.(hashes[0]?.slice(7) === password.padEnd(53, "."));
      await turns(1);
    },
    close(): void {
      this.isClosed = true;
    },
  };
}

function passwordsOf(users: Readonly<Record<string, string>>) {
  const thread = fakeThread();
  const passwords = new Passwords(thread);
  const use = (users: Readonly<Record<string, string>>) =>
    passwords.use(new Map(Object.entries(users)));
  use(users);
  const login = (user: string, password: string) =>
    passwords.compare(passwords.attempt({ user, password }));
  const isRemembered = (user: string, password: string) =>
    passwords.isRemembered(passwords.attempt({ user, password }));
  return { thread, passwords, login, isRemembered, use };
}

const PROM = { prom: hashOf("10", "secret") };

test("a good login is compared once, and then remembered", async () => {
  const { thread, login, isRemembered } = passwordsOf(PROM);
  assert.ok(!isRemembered("prom", "secret"));
  const verdict = login("prom", "secret");
  await turns(1);
  await thread.next();
  assert.equal(await verdict, "right");
  assert.ok(isRemembered("prom", "secret"));
  assert.ok(!isRemembered("prom", "Secret"));
  assert.ok(!isRemembered("other", "secret"));
});

test("a wrong login is not remembered, and does not displace a good one", async () => {
  const { thread, login, isRemembered } = passwordsOf(PROM);
  for (const password of ["secret", "wrong"]) {
    const verdict = login("prom", password);
    await turns(1);
    await thread.next();
    assert.equal(await verdict, password === "secret" ? "right" : "wrong");
  }
  assert.ok(!isRemembered("prom", "wrong"));
  assert.ok(isRemembered("prom", "secret"));
});

test("the parts of a login cannot be shifted into each other", async () => {
  const { thread, login, isRemembered } = passwordsOf({
    prom: hashOf("10", "secret"),
    pro: hashOf("10", "x"),
  });
  const verdict = login("prom", "secret");
  await turns(1);
  await thread.next();
  await verdict;
  for (const [user, password] of [
    ["pro", "msecret"],
    ["prom", `${hashOf("10", "secret")}secret`],
    ["prom$2y$10", "secret"],
  ] as const) {
    assert.ok(!isRemembered(user, password), user);
  }
});

test("what stands for a login is another in each process", () => {
  const keyOf = () => passwordsOf(PROM).passwords.attempt({ user: "prom", password: "secret" }).key;
  assert.notDeepEqual(keyOf(), keyOf());
});

test("a login that looks like one under way is compared by itself", async () => {
  const { thread, login } = passwordsOf({
    prom: hashOf("10", "secret"),
    pro: hashOf("10", "x"),
  });
  const verdicts = [
    login("prom", "secret"),
    login("pro", "msecret"),
    login("promsecret", ""),
    login("", "promsecret"),
  ];
  for (const [index, verdict] of verdicts.entries()) {
    await turns(1);
    await thread.next();
    assert.equal(await verdict, index === 0 ? "right" : "wrong");
  }
  assert.equal(thread.started.length, verdicts.length);
});

test("the same login at once is one comparison, and one comparison runs at a time", async () => {
  const { thread, login } = passwordsOf(PROM);
  const verdicts = [login("prom", "a"), login("prom", "a"), login("prom", "b")];
  await turns(1);
  assert.equal(thread.started.length, 1);
  await thread.next();
  assert.deepEqual(await Promise.all(verdicts.slice(0, 2)), ["wrong", "wrong"]);
  await turns(1);
  assert.equal(thread.started.length, 2);
  await thread.next();
  assert.equal(await verdicts[2], "wrong");
});

test("eight logins wait while one is compared; the next is told that it is busy", async () => {
  const { thread, login } = passwordsOf(PROM);
  const verdicts = Array.from({ length: 9 }, (_, index) => login("prom", `${index}`));
  assert.equal(await login("prom", "one more"), "busy");
  for (const verdict of verdicts) {
    await turns(1);
    await thread.next();
    assert.equal(await verdict, "wrong");
  }
});

const cost = (hash: string) => hash.split("$")[2];

test("every wrong login costs what the most expensive hash does", async () => {
  const users = { a: hashOf("04", "x"), b: hashOf("10", "x"), c: hashOf("12", "x") };
  const { thread, login } = passwordsOf(users);
  for (const user of ["a", "b", "c", "nobody", "__proto__"]) {
    const verdict = login(user, "wrong");
    await turns(1);
    await thread.next();
    assert.equal(await verdict, "wrong");
  }
  const costs = thread.started.map(({ hashes }) => hashes.map(cost).map(Number));
  assert.deepEqual(costs, [[4, 4, 5, 6, 7, 8, 9, 10, 11], [10, 10, 11], [12], [12], [12]]);
  for (const list of costs)
    assert.equal(
      list.reduce((sum, cost) => sum + 2 ** cost, 0),
      2 ** 12,
    );
});

test("an unknown user is wrong even if the dummy should match", async () => {
  const { thread, login } = passwordsOf(PROM);
  const verdict = login("nobody", "");
  await turns(1);
  await thread.next();
  assert.equal(await verdict, "wrong");
});

test("without users nothing is compared", async () => {
  const { thread, login } = passwordsOf({});
  assert.equal(await login("prom", "secret"), "wrong");
  assert.equal(thread.started.length, 0);
});

test("a login is forgotten when its user is removed, or has another hash", async () => {
  const { thread, login, isRemembered, use } = passwordsOf(PROM);
  const verdict = login("prom", "secret");
  await turns(1);
  await thread.next();
  await verdict;
  use({ ...PROM, other: hashOf("10", "x") });
  assert.ok(isRemembered("prom", "secret"));
  use({ prom: hashOf("04", "secret") });
  assert.ok(!isRemembered("prom", "secret"));
  use({ other: hashOf("10", "x") });
  use(PROM);
  assert.ok(!isRemembered("prom", "secret"));
});

test("a login that is right for a hash which is gone meanwhile is wrong", async () => {
  const { thread, login, isRemembered, use } = passwordsOf(PROM);
  const verdict = login("prom", "secret");
  await turns(1);
  use({ prom: hashOf("10", "another") });
  await thread.next();
  assert.equal(await verdict, "wrong");
  assert.ok(!isRemembered("prom", "secret"));
});

test("a hash of the first revision is compared as what Go takes it for", async () => {
  const { thread, login } = passwordsOf({ prom: `$2$10$${"a".repeat(53)}` });
  void login("prom", "secret");
  await turns(1);
  assert.deepEqual(thread.started[0]?.hashes, [`$2a$10$${"a".repeat(53)}`]);
  await thread.next();
});
