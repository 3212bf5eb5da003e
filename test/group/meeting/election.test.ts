import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Elected, elect, findHub } from "../../../src/group/meeting/election.ts";
import {
  openRuntimeFolder,
  type RuntimeFolder,
} from "../../../src/group/meeting/runtime-folder.ts";
import { type Seat, takeSeat } from "../../../src/group/meeting/seat.ts";
import { type Fixture, forkFixture } from "../../helpers/processes/fork-fixture.ts";
import { turnsUntil } from "../../helpers/turns.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import { within } from "../../helpers/within.ts";

const UID = process.geteuid?.() ?? 0;
const KEY = "0123456789abcdef";
const NEVER = new AbortController().signal;
const skip = process.platform === "win32" && "needs unix sockets";

function withFolder(test: (folder: RuntimeFolder, socket: string) => Promise<void>): Promise<void> {
  return withTempDir(async (temporary) => {
    const named = join(temporary, "run");
    const places = { platform: process.platform, uid: UID, inherited: undefined, temporary };
    await test(openRuntimeFolder({ ...places, named }), join(named, `${KEY}.sock`));
  });
}

/** Elects, and fails if the test would never end. */
function electNow(folder: RuntimeFolder): Promise<Elected> {
  const held = setInterval(() => {}, 1_000);
  return within("an election", elect(folder, KEY, NEVER)).finally(() => clearInterval(held));
}

async function hubOf(folder: RuntimeFolder): Promise<Seat> {
  const elected = await electNow(folder);
  assert.ok(elected.role === "hub");
  return elected.seat;
}

/** The connections that reach a hub. */
function connectionsOf(seat: Seat): Socket[] {
  const sockets: Socket[] = [];
  seat.server.on("connection", (socket: Socket) => sockets.push(socket));
  return sockets;
}

async function end(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
}

/** Runs a test with processes, and ends each by its id. */
async function withFixtures(
  test: (start: (folder: RuntimeFolder, ...way: string[]) => Fixture) => Promise<void>,
): Promise<void> {
  const started: Fixture[] = [];
  try {
    await test((folder, ...way) => {
      const fixture = forkFixture("elect.ts", [folder.path, KEY, ...way]);
      started.push(fixture);
      return fixture;
    });
  } finally {
    for (const fixture of started) {
      fixture.signal("SIGKILL");
      await fixture.exit();
    }
  }
}

test("the first is the hub, the next one its member, and the socket is ours alone", { skip }, () =>
  withFolder(async (folder, path) => {
    const seat = await hubOf(folder);
    const connections = connectionsOf(seat);
    const second = await electNow(folder);
    assert.ok(second.role === "member");
    await turnsUntil("the connection", () => connections.length === 1);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await seat.check(), "ours");
    assert.deepEqual(readdirSync(folder.path), [`${KEY}.sock`]);
    await end([second.socket, ...connections]);
    await seat.leave();
    assert.deepEqual(readdirSync(folder.path), []);
    assert.equal(await seat.check(), "gone");
  }),
);

test("the socket of a hub that was killed is stale", { skip }, () =>
  withFolder((folder, path) =>
    withFixtures(async (start) => {
      const first = start(folder);
      await first.line("role hub ");
      first.signal("SIGKILL");
      await first.exit();
      assert.ok(existsSync(path));
      const seat = await hubOf(folder);
      assert.equal(await seat.check(), "ours");
      await seat.leave();
    }),
  ),
);

test("a hub that exits removes its socket", { skip }, () =>
  withFolder((folder, path) =>
    withFixtures(async (start) => {
      const first = start(folder);
      await first.line("role hub ");
      first.tell("end");
      assert.equal((await first.exit()).code, 0);
      assert.equal(existsSync(path), false);
    }),
  ),
);

/** Stops the clock by which the age of a lock counts: a process that is stopped for a second would take it. */
function keepNew(t: TestContext, lock: string): void {
  t.mock.timers.enable({ apis: ["Date"], now: Math.ceil(statSync(lock).mtimeMs) });
}

/** Waits until all processes are in one group, and returns its hub. */
async function hubOfAll(fixtures: readonly Fixture[]): Promise<Fixture> {
  const roles = await Promise.all(fixtures.map((fixture) => fixture.line("role ")));
  const hubs = fixtures.filter((_, i) => roles[i]?.startsWith("hub "));
  assert.equal(hubs.length, 1, roles.join());
  const pid = roles.find((role) => role.startsWith("hub "))?.slice(4);
  for (const role of roles) assert.match(role, new RegExp(`^(hub|member) ${pid}$`));
  const [hub] = hubs;
  assert.ok(hub);
  await hub.line(`members ${fixtures.length - 1}`);
  return hub;
}

for (const { starters, rounds } of [
  { starters: 2, rounds: 3 },
  { starters: 6, rounds: 3 },
]) {
  test(`${starters} starters at once are one group, also with a stale socket`, { skip }, () =>
    withFolder((folder) =>
      withFixtures(async (start) => {
        for (let round = 0; round < rounds; round++) {
          const fixtures = Array.from({ length: starters }, () => start(folder));
          const hub = await hubOfAll(fixtures);
          hub.tell("check");
          assert.equal(await hub.line("check "), "ours");
          // The next round finds its socket.
          for (const fixture of fixtures) fixture.signal("SIGKILL");
          for (const fixture of fixtures) await fixture.exit();
        }
      }),
    ),
  );
}

/** What a process became after its first hub was killed. */
function secondRole(fixture: Fixture, hub: string): Promise<string> {
  return Promise.race(
    ["hub", "member"].map((role) => fixture.line(`role ${role} ${hub}`).then(() => role)),
  );
}

test("the members of a hub that was killed elect another one", { skip }, () =>
  withFolder((folder) =>
    withFixtures(async (start) => {
      const first = start(folder);
      await first.line("role hub ");
      const others = [start(folder), start(folder)];
      for (const other of others) await other.line("role member ");
      first.signal("SIGKILL");
      const pid = await Promise.any(others.map((other) => other.line("role hub ")));
      const roles = await Promise.all(others.map((other) => secondRole(other, pid)));
      assert.deepEqual(roles.sort(), ["hub", "member"]);
    }),
  ),
);

test("a starter that is stopped while it holds the lock loses it", { skip }, () =>
  withFolder((folder) =>
    withFixtures(async (start) => {
      const stopped = start(folder, "stop");
      const lock = join(folder.path, `${KEY}.lock`);
      await turnsUntil("the lock", () => existsSync(lock));
      const second = start(folder);
      // It waits until the lock is a second old.
      const pid = await second.line("role hub ");
      stopped.signal("SIGCONT");
      assert.equal(await stopped.line("goes on "), "without a seat");
      assert.equal(await stopped.line("role member "), pid);
      second.tell("check");
      assert.equal(await second.line("check "), "ours");
      assert.equal(existsSync(lock), false);
    }),
  ),
);

test("a hub whose seat a stopped starter has taken sees it at the next check", { skip }, () =>
  withFolder((folder, path) =>
    withFixtures(async (start) => {
      const late = start(folder, "late");
      await turnsUntil("the lock", () => existsSync(join(folder.path, `${KEY}.lock`)));
      const seat = await hubOf(folder);
      assert.equal(await seat.check(), "ours");
      late.signal("SIGCONT");
      const pid = await late.line("role hub ");
      assert.equal(await seat.check(), "taken");
      assert.equal(seat.checkNow(), "taken");
      // It ends after the other has bound, and leaves its socket alone.
      await seat.leave();
      assert.ok(existsSync(path));
      const member = start(folder);
      assert.equal(await member.line("role member "), pid);
    }),
  ),
);

test("an old hub that exits leaves the socket of the new one alone", { skip }, () =>
  withFolder((folder, path) =>
    withFixtures(async (start) => {
      const old = start(folder);
      await old.line("role hub ");
      const seat = await takeSeat(folder, KEY, () => true);
      old.tell("check");
      assert.equal(await old.line("check "), "taken");
      old.tell("end");
      await old.exit();
      assert.ok(existsSync(path));
      assert.equal(await seat?.check(), "ours");
      await seat?.leave();
    }),
  ),
);

for (const what of ["socket", "folder"]) {
  test(`a hub makes its socket anew when something has removed the ${what}`, { skip }, () =>
    withFolder(async (folder, path) => {
      const seat = await hubOf(folder);
      const connections = connectionsOf(seat);
      for (let round = 1; round <= 2; round++) {
        rmSync(what === "socket" ? path : folder.path, { recursive: true });
        assert.equal(seat.checkNow(), "gone");
        // Two scrapes at once make it once.
        assert.deepEqual(await Promise.all([seat.check(), seat.check()]), ["ours", "ours"]);
        const member = await electNow(folder);
        assert.ok(member.role === "member");
        await turnsUntil("the connection", () => connections.length === round);
        await end([member.socket]);
      }
      await end(connections);
      await seat.leave();
      assert.deepEqual(readdirSync(folder.path), []);
    }),
  );
}

test("a hub whose socket was removed waits for whoever looks at its place", { skip }, (t) =>
  withFolder(async (folder, path) => {
    const seat = await hubOf(folder);
    const lock = join(folder.path, `${KEY}.lock`);
    mkdirSync(lock);
    keepNew(t, lock);
    rmSync(path);
    const checked = within("the check", seat.check());
    rmdirSync(lock);
    assert.equal(await checked, "ours");
    await seat.leave();
  }),
);

test("a hub whose socket was removed sees that another process has the seat", { skip }, () =>
  withFolder(async (folder, path) => {
    const first = await hubOf(folder);
    rmSync(path);
    const second = await hubOf(folder);
    assert.equal(await first.check(), "taken");
    await first.leave();
    assert.equal(await second.check(), "ours");
    await second.leave();
  }),
);

test("a hub that cannot make its socket anew tries again at the next check", { skip }, (t) =>
  withFolder(async (folder, path) => {
    const seat = await hubOf(folder);
    const lock = join(folder.path, `${KEY}.lock`);
    rmSync(path);
    mkdirSync(lock);
    keepNew(t, lock);
    assert.equal(await within("the check", seat.check()), "gone");
    rmdirSync(lock);
    assert.equal(await seat.check(), "ours");
    await seat.leave();
  }),
);

test(
  "a hub that accepts nobody is not taken for one that is gone",
  { skip: skip || (process.platform !== "linux" && "needs Linux") },
  () =>
    withFolder((folder, path) =>
      withFixtures(async (start) => {
        const stopped = start(folder);
        await stopped.line("role hub ");
        stopped.signal("SIGSTOP");
        // Until its queue is full.
        const sockets: Socket[] = [];
        const isFull = () =>
          new Promise<boolean>((resolve) => {
            const socket = connect(path);
            socket.once("connect", () => resolve(sockets.push(socket) > 5_000));
            socket.once("error", (error: NodeJS.ErrnoException) =>
              resolve(error.code === "EAGAIN"),
            );
          });
        while (!(await isFull()));
        const controller = new AbortController();
        const pending = elect(folder, KEY, controller.signal);
        const outcome = pending.then(
          () => "elected",
          (error) => error,
        );
        const waited = new Promise((resolve) => setTimeout(resolve, 1_500, "waits"));
        assert.equal(await Promise.race([outcome, waited]), "waits");
        const reason = new Error("enough");
        controller.abort(reason);
        assert.equal(await within("the abort", outcome), reason);
        await end(sockets);
      }),
    ),
);

test("a worker of a cluster listens itself, so that its death is seen", { skip }, () =>
  withFolder((folder) =>
    withFixtures(async (start) => {
      const primary = start(folder, "cluster");
      const pid = await primary.line("worker ");
      assert.equal(await primary.line("role hub "), pid);
      process.kill(Number(pid), "SIGKILL");
      await primary.line("ended");
      const seat = await hubOf(folder);
      assert.equal(await seat.check(), "ours");
      await seat.leave();
    }),
  ),
);

for (const role of ["hub", "member"]) {
  test(`a ${role} does not keep its process alive`, { skip }, () =>
    withFolder((folder) =>
      withFixtures(async (start) => {
        if (role === "member") await start(folder).line("role hub ");
        const idle = start(folder, "idle");
        assert.ok([0, 13].includes((await idle.exit()).code ?? -1));
      }),
    ),
  );
}

test(
  "another user can neither use the folder nor reach the hub",
  { skip: UID !== 0 && "needs root" },
  () =>
    withFolder(async (folder) => {
      const seat = await hubOf(folder);
      // That of the test hides it already.
      chmodSync(dirname(folder.path), 0o755);
      const { stdout } = await forkFixture("other-user.ts", [folder.path, KEY]).exit();
      assert.deepEqual(stdout.trimEnd().split("\n"), [
        `folder: Error: Runtime folder "${folder.path}" belongs to another user`,
        "connect: EACCES",
        "elect: EACCES",
      ]);
      assert.equal(await seat.check(), "ours");
      await seat.leave();
    }),
);

test("what killed starters left is removed, and nothing else", { skip }, () =>
  withFolder(async (folder) => {
    const gone = `${KEY}.4194304-0-0.sock`;
    const kept = [
      `${KEY}.${process.pid}-0-999.sock`,
      "fedcba9876543210.4194304-0-0.sock",
      `${KEY}.x.sock`,
    ];
    for (const name of [gone, ...kept]) writeFileSync(join(folder.path, name), "");
    const seat = await hubOf(folder);
    assert.deepEqual(readdirSync(folder.path).sort(), [...kept, `${KEY}.sock`].sort());
    await seat.leave();
  }),
);

test(
  "nobody takes the seat while another holds the lock, and a lock of the future is old",
  { skip },
  (t) =>
    withFolder(async (folder) => {
      const lock = join(folder.path, `${KEY}.lock`);
      mkdirSync(lock);
      keepNew(t, lock);
      const controller = new AbortController();
      const refused = assert.rejects(elect(folder, KEY, controller.signal), { message: "enough" });
      await new Promise((resolve) => setTimeout(resolve, 200));
      controller.abort(new Error("enough"));
      await refused;
      const future = new Date(Date.now() + 3_600_000);
      utimesSync(lock, future, future);
      await (await hubOf(folder)).leave();
      assert.deepEqual(readdirSync(folder.path), []);
    }),
);

test("a signal that has aborted rejects at once", async () => {
  await withFolder(async (folder) => {
    const reason = new Error("enough");
    await assert.rejects(elect(folder, KEY, AbortSignal.abort(reason)), reason);
  });
});

test("findHub() finds a hub that comes later, and stands for no election", { skip }, async () => {
  await withFolder(async (folder, socket) => {
    const held = setInterval(() => {}, 1_000);
    try {
      assert.equal(await within("looking", findHub(folder, KEY, NEVER, 50)), undefined);
      assert.equal(existsSync(socket), false);
      const finding = findHub(folder, KEY, NEVER, Number.POSITIVE_INFINITY);
      const seat = await hubOf(folder);
      const reached = connectionsOf(seat);
      const found = await within("finding", finding);
      assert.ok(found);
      await end([found, ...reached]);
      await seat.leave();
    } finally {
      clearInterval(held);
    }
  });
});

test("findHub() ends with its signal", { skip }, async () => {
  await withFolder(async (folder) => {
    const leaving = new AbortController();
    const finding = findHub(folder, KEY, leaving.signal, Number.POSITIVE_INFINITY);
    leaving.abort(new Error("over"));
    await assert.rejects(within("the end", finding), { message: "over" });
  });
});
