import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { type Environment, readEnvironment } from "../../../src/group/environment.ts";
import { findGroup, type GroupFacts } from "../../../src/group/meeting/group-key.ts";
import { writeMark } from "../../../src/group/meeting/mark.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

/** A process that nobody has marked. */
const PLAIN: Environment = {
  ...readEnvironment(),
  pid: 100,
  parentPid: 99,
  thread: 0,
  uid: 1_000,
  group: undefined,
  mark: undefined,
  isOffspring: false,
  script: "/nowhere/app.js",
  folder: "/nowhere",
  pm2Name: undefined,
};

function keyOf(environment: Partial<Environment>, facts: Partial<GroupFacts> = {}): string {
  return findGroup({
    environment: { ...PLAIN, ...environment },
    group: undefined,
    address: ":9464",
    ...facts,
  }).key;
}

const KEY = keyOf({});

test("a key has 16 hexadecimal digits, and is the same every time", () => {
  assert.match(KEY, /^[0-9a-f]{16}$/);
  assert.equal(keyOf({}), KEY);
});

test("strangers with the same address are two groups", () => {
  assert.notEqual(keyOf({ script: "/elsewhere/app.js" }), KEY);
  assert.notEqual(keyOf({ script: undefined }), KEY);
});

test("users, addresses and names of pm2 make other groups", () => {
  assert.notEqual(keyOf({ uid: 1_001 }), KEY);
  assert.notEqual(keyOf({}, { address: ":9465" }), KEY);
  assert.notEqual(keyOf({}, { address: undefined }), KEY);
  assert.notEqual(keyOf({ pm2Name: "api" }), KEY);
  assert.notEqual(keyOf({ pm2Name: "api" }), keyOf({ pm2Name: "web" }));
});

test("a group that was named is the same for every address and script, and only for its user", () => {
  const key = keyOf({}, { group: "shop" });
  assert.equal(keyOf({ script: "/elsewhere/app.js" }, { group: "shop", address: undefined }), key);
  assert.equal(keyOf({ group: "shop" }), key);
  assert.notEqual(keyOf({ group: "other" }), key);
  assert.notEqual(keyOf({ uid: 1_001 }, { group: "shop" }), key);
  assert.notEqual(key, KEY);
});

test("the option names the group before the environment does", () => {
  assert.equal(keyOf({ group: "other" }, { group: "shop" }), keyOf({}, { group: "shop" }));
});

/** Runs a test with releases of a package, each in a folder of its own. */
function withReleases(test: (releases: readonly string[]) => void): Promise<void> {
  return withTempDir(async (folder) => {
    const releases = ["1", "2"].map((name) => join(folder, name));
    for (const release of releases) {
      mkdirSync(join(release, "dist"), { recursive: true });
      writeFileSync(join(release, "package.json"), '{ "name": "shop" }');
      // As bundlers and compilers write them.
      writeFileSync(join(release, "dist", "package.json"), '{ "type": "module" }');
    }
    test(releases);
  });
}

test("two releases of a package are one group, its scripts are several", () =>
  withReleases(([first = "", second = ""]) => {
    const key = keyOf({ script: join(first, "dist/web.js") });
    assert.equal(keyOf({ script: join(second, "dist/web.js") }), key);
    assert.notEqual(keyOf({ script: join(first, "dist/worker.js") }), key);
    assert.notEqual(keyOf({ script: join(first, "web.js") }), key);
  }));

test("under pm2 the name counts, and not where the release lies", () =>
  withReleases(([first = "", second = ""]) => {
    const key = keyOf({ pm2Name: "api", script: join(first, "web.js") });
    assert.equal(keyOf({ pm2Name: "api", script: join(second, "web.js") }), key);
  }));

test("two packages that have the same name in pm2 are two groups", () =>
  withReleases(([first = "", second = ""]) => {
    writeFileSync(join(second, "package.json"), '{ "name": "blog" }');
    const key = keyOf({ pm2Name: "index", script: join(first, "index.js") });
    assert.notEqual(keyOf({ pm2Name: "index", script: join(second, "index.js") }), key);
  }));

/** Runs a test with two packages in which the same tool is installed. */
function withTool(
  test: (packages: readonly string[], tool: (folder: string) => string) => void,
): Promise<void> {
  return withTempDir(async (root) => {
    const folders = ["shop", "blog"].map((name) => join(root, name));
    for (const folder of folders) {
      mkdirSync(join(folder, "node_modules", "next"), { recursive: true });
      writeFileSync(join(folder, "package.json"), JSON.stringify({ name: basename(folder) }));
      writeFileSync(join(folder, "node_modules", "next", "package.json"), '{ "name": "next" }');
    }
    test(folders, (folder) => join(folder, "node_modules", "next", "bin.js"));
  });
}

test("a tool that runs two packages makes two groups of them", () =>
  withTool(([shop = "", blog = ""], tool) => {
    const key = keyOf({ script: tool(shop), folder: shop });
    assert.notEqual(keyOf({ script: tool(blog), folder: blog }), key);
    // As in a workspace, where both use the same installation.
    assert.notEqual(keyOf({ script: tool(shop), folder: blog }), key);
    assert.equal(keyOf({ script: tool(blog), folder: shop }), key);
    assert.notEqual(keyOf({ script: join(shop, "bin.js"), folder: shop }), key);
    const pm2Name = "next";
    const managed = keyOf({ pm2Name, script: tool(shop), folder: shop });
    assert.notEqual(keyOf({ pm2Name, script: tool(blog), folder: blog }), managed);
  }));

test("a tool in a folder without a package makes a group of that folder", () =>
  withTempDir(async (root) => {
    const script = join(root, "node_modules", "tool", "bin.js");
    const key = keyOf({ script, folder: join(root, "a") });
    assert.equal(keyOf({ script, folder: join(root, "a") }), key);
    assert.notEqual(keyOf({ script, folder: join(root, "b") }), key);
  }));

/** What a process, with the address `:9464` by default, leaves for its children. */
function markedBy(
  environment: Partial<Environment>,
  address: Pick<GroupFacts, "address"> = { address: ":9464" },
): string {
  const { mark } = findGroup({
    environment: { ...PLAIN, ...environment },
    group: undefined,
    ...address,
  });
  return writeMark({ ...mark, folder: "/run/app" });
}

test("the offspring of a process is in its group, whatever script it runs", () => {
  const child = { mark: markedBy({}), isOffspring: true, script: "/nowhere/worker.js" };
  assert.equal(keyOf(child), KEY);
  assert.equal(keyOf(child, { address: undefined }), KEY);
  const { inherited } = findGroup({
    environment: { ...PLAIN, ...child },
    group: undefined,
    address: ":9464",
  });
  assert.equal(inherited?.folder, "/run/app");
});

test("a process that is neither offspring nor of the same package does not heed a mark", () => {
  const stranger = { mark: markedBy({}), script: "/nowhere/tool.js" };
  assert.notEqual(keyOf(stranger), KEY);
  assert.equal(keyOf(stranger), keyOf({ script: "/nowhere/tool.js" }));
});

test("a process of the same package heeds a mark", () =>
  withReleases(([release = ""]) => {
    const script = join(release, "web.js");
    const mark = markedBy({ script });
    assert.equal(keyOf({ mark, script: join(release, "job.js") }), keyOf({ script }));
  }));

test("a group that was named goes before a mark", () => {
  const child = { mark: markedBy({}), isOffspring: true };
  assert.equal(keyOf(child, { group: "shop" }), keyOf({}, { group: "shop" }));
});

test("a child that names another address is in a group of its own", () => {
  const child = { mark: markedBy({}), isOffspring: true };
  assert.equal(keyOf(child, { address: ":9465" }), keyOf({}, { address: ":9465" }));
});

test("a child joins the handler of its parent with any address", () => {
  const child = { mark: markedBy({}, { address: undefined }), isOffspring: true };
  assert.equal(keyOf(child, { address: ":9465" }), keyOf({}, { address: undefined }));
});

test("an instance of pm2 heeds only its own mark and that of its parent", () => {
  const instance = { pm2Name: "api", isOffspring: true };
  assert.equal(keyOf({ ...instance, mark: markedBy({ pid: 98 }) }), keyOf({ pm2Name: "api" }));
  assert.equal(keyOf({ ...instance, mark: markedBy({ pid: PLAIN.parentPid }) }), KEY);
  // That of the preload, for a handler.
  const own = { ...instance, mark: markedBy({ pm2Name: "api" }) };
  assert.equal(keyOf(own, { address: undefined }), keyOf({ pm2Name: "api" }));
});

for (const flags of [["-p", "--fork"], ["-n"]]) {
  const skip = (process.platform !== "linux" || process.getuid?.() !== 0) && "needs root on Linux";
  test(`containers that share a folder are two groups: unshare ${flags.join(" ")}`, {
    skip,
  }, () => {
    const module = new URL("../../../src/group/meeting/group-key.ts", import.meta.url).href;
    const loader = new URL("../../../tools/typescript/register.mjs", import.meta.url).href;
    const facts = JSON.stringify({ environment: PLAIN, address: ":9464" });
    const code = `import(${JSON.stringify(module)}).then(({ findGroup }) =>
      console.log(findGroup(${facts}).key))`;
    const node = [process.execPath, "--import", loader, "-e", code];
    const outside = execFileSync("env", node, { encoding: "utf8" }).trim();
    const inside = execFileSync("unshare", [...flags, ...node], { encoding: "utf8" }).trim();
    assert.equal(outside, KEY);
    assert.match(inside, /^[0-9a-f]{16}$/);
    assert.notEqual(inside, outside);
  });
}

test("a further path has a group of its own, which children find by the mark of its main group", () => {
  const path = "/metrics/db";
  for (const facts of [{}, { group: "shop" }, { address: undefined, group: "shop" }]) {
    const main = findGroup({ environment: PLAIN, group: undefined, address: ":9464", ...facts });
    const key = keyOf({}, { ...facts, path });
    assert.notEqual(key, main.key);
    assert.notEqual(key, keyOf({}, { ...facts, path: "/metrics/cache" }));
    const mark = writeMark({ ...main.mark, pid: 99 });
    assert.equal(keyOf({ mark, isOffspring: true, script: "/other.js" }, { ...facts, path }), key);
    const { groups } = findGroup({
      environment: PLAIN,
      group: undefined,
      address: ":9464",
      ...facts,
      path,
    }).mark;
    assert.deepEqual(groups, main.mark.groups);
  }
});
