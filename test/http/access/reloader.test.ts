import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { Reloader } from "../../../src/http/access/reloader.ts";
import type { ReadFile } from "../../../src/http/access/settings-change.ts";
import { createLog } from "../../../src/log.ts";
import { type MockClock, mockClock, passUntil } from "../../helpers/mock-clock.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

/** What a test has: a file with a text, and a reloader of it whose settings are that text. */
interface Scene {
  readonly directory: string;
  readonly file: string;
  readonly clock: MockClock;
  readonly lines: string[];
  /** What has replaced the first settings. */
  readonly loaded: string[];
  readonly loads: { count: number };
  readonly parts: {
    readonly log: ReturnType<typeof createLog>;
    readonly subject: string;
    readonly refuse: (previous: string, next: string) => string | undefined;
    readonly onLoaded: (next: string) => void;
  };
  readonly load: (read: ReadFile) => Promise<string>;
  readonly open: () => Promise<Reloader<string>>;
}

async function withScene(t: TestContext, body: (scene: Scene) => Promise<void>): Promise<void> {
  // Files that a test has just written seem to be old.
  const clock = mockClock(t, Math.floor(Date.now() / 1_000) * 1_000 + 60_123);
  await withTempDir(async (directory) => {
    const file = join(directory, "web.yml");
    await writeFile(file, "one");
    const lines: string[] = [];
    const loaded: string[] = [];
    const loads = { count: 0 };
    const write = (line: string) => lines.push(line);
    const parts = {
      log: createLog({ error: write, warn: write, info: write }),
      subject: "the text",
      refuse: (_: string, next: string) => (next === "open" ? "it opens a door" : undefined),
      onLoaded: (next: string) => loaded.push(next),
    };
    const load = async (read: ReadFile) => {
      loads.count++;
      const text = String(await read(file));
      if (text.startsWith("bad")) throw new ConfigError(file, `it has "${text}"`, { line: 1 });
      return text;
    };
    const open = () => Reloader.open(load, parts);
    await body({ directory, file, clock, lines, loaded, loads, parts, load, open });
  });
}

test("a reloader loads a file again when somebody comes after a second", async (t) => {
  await withScene(t, async ({ file, clock, loaded, loads, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    assert.equal(reloader.arrived(), undefined);
    clock.tick(1_000);
    await reloader.arrived();
    assert.deepEqual([reloader.current, loaded, loads.count], ["two", ["two"], 2]);
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(loads.count, 2, "Nothing has changed");
  });
});

test("all who come while a reloader looks wait for the same load", async (t) => {
  await withScene(t, async ({ file, clock, loads, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    clock.tick(1_000);
    const arrivals = [reloader.arrived(), reloader.arrived(), reloader.arrived()];
    assert.ok(arrivals.every((arrival) => arrival instanceof Promise));
    await Promise.all(arrivals);
    assert.deepEqual([reloader.current, loads.count], ["two", 2]);
  });
});

test("a reloader notices a file of the same size and time, and what a link leads to", {
  skip: process.platform === "win32" && "needs links as Kubernetes makes them",
}, async (t) => {
  await withScene(t, async ({ directory, file, clock, open }) => {
    const time = new Date(Date.now() - 3_600_000);
    for (const name of ["old", "new"]) {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, "web.yml"), name);
      await utimes(join(directory, name, "web.yml"), time, time);
    }
    const [data, next] = [join(directory, "..data"), join(directory, "..next")];
    await rm(file);
    await symlink("old", data);
    await symlink(join("..data", "web.yml"), file);
    const reloader = await open();
    assert.equal(reloader.current, "old");
    await symlink("new", next);
    await rename(next, data);
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.current, "new");
  });
});

test("a reloader keeps the last good settings, and tries again until a file is good", async (t) => {
  await withScene(t, async ({ file, clock, lines, open }) => {
    const reloader = await open();
    const first = reloader.lastSuccessSeconds;
    const pass = async () => {
      clock.tick(1_000);
      await reloader.arrived();
      return [reloader.current, reloader.isSuccessful];
    };
    await writeFile(file, "bad\u001b[2J");
    assert.deepEqual(await pass(), ["one", false]);
    assert.deepEqual(await pass(), ["one", false]);
    const line = `promhttp: Cannot reload the text; the last good ones stay: Cannot use ${file}`;
    assert.deepEqual(lines, [`${line}:1: it has "bad [2J"`]);
    await rm(file);
    assert.deepEqual(await pass(), ["one", false]);
    assert.deepEqual(lines.slice(1), [`${line}: there is no such file`]);
    assert.equal(reloader.lastSuccessSeconds, first);
    await writeFile(file, "good");
    assert.deepEqual(await pass(), ["good", true]);
    assert.equal(reloader.lastSuccessSeconds, Date.now() / 1_000);
    assert.deepEqual(lines.slice(2), ["promhttp: Reloaded the text (2 failures)"]);
  });
});

test("a reloader notices that a file is back as it was", async (t) => {
  await withScene(t, async ({ directory, clock, parts }) => {
    const [folder, elsewhere] = [join(directory, "here"), join(directory, "elsewhere")];
    await mkdir(folder);
    await writeFile(join(folder, "web.yml"), "one");
    const load = async (read: ReadFile) => String(await read(join(folder, "web.yml")));
    const reloader = await Reloader.open(load, parts);
    await rename(folder, elsewhere);
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.isSuccessful, false);
    await rename(elsewhere, folder);
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.isSuccessful, true);
  });
});

test("a reloader refuses what may not replace the settings", async (t) => {
  await withScene(t, async ({ file, clock, lines, loaded, open }) => {
    const reloader = await open();
    await writeFile(file, "open");
    clock.tick(1_000);
    await reloader.arrived();
    assert.deepEqual([reloader.current, reloader.isSuccessful, loaded], ["one", false, []]);
    assert.match(lines.join(), /the last good ones stay: it opens a door$/);
  });
});

test("a reloader leaves a file that is being written for later", async (t) => {
  await withScene(t, async ({ file, clock, lines, open }) => {
    const reloader = await open();
    clock.tick(1_000);
    await writeFile(file, "bad begin");
    const justNow = new Date(Date.now() - 50);
    await utimes(file, justNow, justNow);
    await reloader.arrived();
    assert.deepEqual([reloader.current, reloader.isSuccessful, lines], ["one", true, []]);
    await writeFile(file, "whole");
    clock.tick(100);
    await reloader.arrived();
    assert.equal(reloader.current, "whole");
  });
});

test("a reloader takes a file of the future when it has stayed as it is", async (t) => {
  await withScene(t, async ({ file, clock, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(file, tomorrow, tomorrow);
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.current, "one");
    clock.tick(100);
    await reloader.arrived();
    assert.equal(reloader.current, "two");
  });
});

test("a reloader leaves a file for a second whose disk knows no parts of one", async (t) => {
  await withScene(t, async ({ file, clock, open }) => {
    const reloader = await open();
    clock.tick(1_500);
    const second = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    const write = async (text: string) => {
      await writeFile(file, text);
      await utimes(file, second, second);
    };
    await write("half");
    await reloader.arrived();
    assert.equal(reloader.current, "one");
    await write("full");
    clock.tick(400);
    await reloader.arrived();
    assert.equal(reloader.current, "one");
    clock.tick(100);
    await reloader.arrived();
    assert.equal(reloader.current, "full");
  });
});

test("a reloader does not wait for a pipe that has just taken the place of a file", {
  skip: process.platform === "win32" && "pipes are not files there",
}, async (t) => {
  await withScene(t, async ({ directory, file, clock, lines, open }) => {
    const reloader = await open();
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    await writeFile(file, "two");
    const stat = fs.stat.bind(fs);
    let calls = 0;
    t.mock.method(fs, "stat", async (path: string, options: { bigint: true }) => {
      const stats = await stat(path, options);
      // The first tells that the file has changed, and the second that it may be read.
      if (++calls === 2) await rename(pipe, file);
      return stats;
    });
    clock.tick(1_000);
    await reloader.arrived();
    clock.tick(1_000);
    await reloader.arrived();
    assert.match(lines.join(), /it is not a regular file/);
  });
});

test("a reloader discards what changed while it was read", async (t) => {
  await withScene(t, async ({ file, clock, parts }) => {
    let meanwhile = "";
    const reloader = await Reloader.open(async (read) => {
      const text = String(await read(file));
      if (meanwhile !== "") await writeFile(file, meanwhile);
      return text;
    }, parts);
    await writeFile(file, "two");
    meanwhile = "three";
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.current, "one");
    meanwhile = "";
    clock.tick(1_000);
    await reloader.arrived();
    assert.equal(reloader.current, "three");
  });
});

test("reload() loads at once, waits for a file to be whole, and never rejects", async (t) => {
  await withScene(t, async ({ file, clock, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    const now = new Date(Date.now());
    await utimes(file, now, now);
    await passUntil(clock, reloader.reload());
    assert.equal(reloader.current, "two");
    await writeFile(file, "bad");
    await Promise.all([reloader.reload(), reloader.reload()]);
    assert.deepEqual([reloader.current, reloader.isSuccessful], ["two", false]);
  });
});

test("reload() called many times at once loads no more than twice", async (t) => {
  await withScene(t, async ({ file, loads, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    await Promise.all(Array.from({ length: 50 }, () => reloader.reload()));
    assert.deepEqual([reloader.current, loads.count], ["two", 3]);
    await writeFile(file, "three");
    await reloader.reload();
    assert.deepEqual([reloader.current, loads.count], ["three", 4]);
  });
});

test("a reloader that begins with settings reads their files when somebody comes", async (t) => {
  await withScene(t, async ({ load, parts, loads }) => {
    const reloader = new Reloader(load, parts, "zero");
    assert.deepEqual([reloader.current, loads.count], ["zero", 0]);
    await reloader.arrived();
    assert.equal(reloader.current, "one");
  });
});

test("nobody waits more than a second for a load", async (t) => {
  await withScene(t, async ({ clock, parts }) => {
    let finish = (_: string) => {};
    const load = () => new Promise<string>((resolve) => (finish = resolve));
    const reloader = new Reloader<string>(load, parts, "zero");
    const arrival = reloader.arrived();
    await passUntil(clock, Promise.resolve(arrival));
    assert.equal(reloader.arrived(), undefined);
    assert.equal(reloader.current, "zero");
    finish("late");
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.equal(reloader.current, "late");
  });
});

test("a closed reloader uses and loads nothing more", async (t) => {
  await withScene(t, async ({ file, clock, loaded, open }) => {
    const reloader = await open();
    await writeFile(file, "two");
    clock.tick(1_000);
    const arrival = reloader.arrived();
    reloader.close();
    await arrival;
    clock.tick(1_000);
    assert.equal(reloader.arrived(), undefined);
    assert.deepEqual([reloader.current, loaded], ["one", []]);
  });
});

test("Reloader.open() rejects with a ConfigError for a file that is not there", async (t) => {
  await withScene(t, async ({ file, open }) => {
    await rm(file);
    await assert.rejects(open(), (error) => error instanceof ConfigError && error.file === file);
  });
});

test("Reloader.open() rejects when a file never stops changing", async (t) => {
  await withScene(t, async ({ file, clock, parts }) => {
    let count = 0;
    const opening = Reloader.open(async (read) => {
      const text = String(await read(file));
      await writeFile(file, `number ${count++}`);
      return text;
    }, parts);
    await assert.rejects(passUntil(clock, opening), /something keeps writing it$/);
  });
});

test("who comes during a reload that follows another load waits for it", async (t) => {
  await withScene(t, async ({ file, clock, parts, load }) => {
    let finish = () => {};
    let last: Promise<void> | undefined;
    const reloader = await Reloader.open(async (read) => {
      const text = await load(read);
      await last;
      return text;
    }, parts);
    await writeFile(file, "two");
    clock.tick(1_000);
    const first = reloader.arrived();
    const reloading = reloader.reload();
    await first;
    last = new Promise((resolve) => {
      finish = resolve;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const second = reloader.arrived();
    finish();
    assert.ok(second instanceof Promise);
    await reloading;
  });
});
