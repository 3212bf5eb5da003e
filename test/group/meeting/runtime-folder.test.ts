import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type FolderPlaces,
  openRuntimeFolder,
  reasonAgainst,
  reasonAgainstParent,
} from "../../../src/group/meeting/runtime-folder.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const UID = process.geteuid?.() ?? 0;
const isRoot = UID === 0;
const NEEDS_UNIX = process.platform === "win32" && "needs users";

/** Another user; as root we can give a folder away, else we say that we are another one. */
const OTHER = 65_534;

function placesIn(folder: string, more: Partial<FolderPlaces> = {}): FolderPlaces {
  return {
    platform: "linux",
    uid: UID,
    named: undefined,
    inherited: undefined,
    temporary: folder,
    memory: join(folder, "memory"),
    last: join(folder, "last"),
    ...more,
  };
}

/** What each reason ends with. */
const ADVICE = "; set PROMHTTP_RUNTIME_DIR to another";

/** Writable for all, and sticky, as `/tmp` is. */
function makeShared(path: string): string {
  mkdirSync(path);
  chmodSync(path, 0o1777);
  return path;
}

test("the folder is made in that for temporary files, for us alone", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (temporary) => {
    const { path, uid } = openRuntimeFolder(placesIn(temporary));
    assert.equal(path, join(temporary, `promhttp-${UID}`));
    assert.equal(uid, UID);
    assert.equal(lstatSync(path).mode & 0o7777, 0o700);
    assert.equal(openRuntimeFolder(placesIn(temporary)).path, path);
  }),
);

test("a named folder goes before that of the parent, and that before the default", () =>
  withTempDir(async (temporary) => {
    const [named, inherited] = [join(temporary, "named"), join(temporary, "inherited")];
    assert.equal(openRuntimeFolder(placesIn(temporary, { named, inherited })).path, named);
    assert.equal(openRuntimeFolder(placesIn(temporary, { inherited })).path, inherited);
  }));

test("the ledger is kept in memory, unless a folder was named", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (temporary) => {
    const memory = makeShared(join(temporary, "memory"));
    const { path, ledgerPath } = openRuntimeFolder(placesIn(temporary));
    assert.equal(ledgerPath, join(memory, `promhttp-${UID}`));
    assert.notEqual(ledgerPath, path);
    const named = join(temporary, "named");
    assert.equal(openRuntimeFolder(placesIn(temporary, { named })).ledgerPath, named);
  }),
);

test(
  "the ledger is kept beside the socket when the folder in memory is not safe",
  { skip: NEEDS_UNIX },
  () =>
    withTempDir(async (temporary) => {
      mkdirSync(join(makeShared(join(temporary, "memory")), `promhttp-${UID}`), 0o755);
      const { path, ledgerPath } = openRuntimeFolder(placesIn(temporary));
      assert.equal(ledgerPath, path);
    }),
);

test("a folder that something removed is made again", () =>
  withTempDir(async (temporary) => {
    const folder = openRuntimeFolder(placesIn(temporary));
    rmdirSync(folder.path);
    folder.reopen();
    assert.ok(lstatSync(folder.path).isDirectory());
  }));

const REFUSED: readonly [what: string, reason: RegExp, make: (path: string) => void][] = [
  [
    "a link to a folder of ours",
    /is a link;/,
    (path) => {
      mkdirSync(`${path}-target`, 0o700);
      symlinkSync(`${path}-target`, path);
    },
  ],
  ["a link to nowhere", /is a link;/, (path) => symlinkSync(`${path}-nowhere`, path)],
  ["a file", /is not a folder;/, (path) => writeFileSync(path, "")],
  ["open to others", /is open to other users;/, (path) => mkdirSync(path, 0o755)],
  [
    "open to its group",
    /is open to other users;/,
    (path) => {
      mkdirSync(path);
      chmodSync(path, 0o710);
    },
  ],
];

for (const [what, reason, make] of REFUSED) {
  test(`a folder that is ${what} is refused, and no other is tried`, { skip: NEEDS_UNIX }, () =>
    withTempDir(async (temporary) => {
      makeShared(join(temporary, "memory"));
      make(join(temporary, `promhttp-${UID}`));
      assert.throws(() => openRuntimeFolder(placesIn(temporary)), { message: reason });
    }),
  );
}

test("a folder of another user is refused", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (temporary) => {
    const path = join(temporary, "folder");
    mkdirSync(path, 0o700);
    if (isRoot) chownSync(path, OTHER, OTHER);
    const uid = isRoot ? UID : OTHER;
    assert.throws(() => openRuntimeFolder(placesIn(temporary, { named: path, uid })), {
      message: /belongs to another user;/,
    });
  }),
);

test("a parent to which others may write needs the sticky bit", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (temporary) => {
    const parent = join(temporary, "parent");
    mkdirSync(parent);
    const named = join(parent, "folder");
    for (const mode of [0o777, 0o775, 0o757]) {
      chmodSync(parent, mode);
      assert.throws(() => openRuntimeFolder(placesIn(temporary, { named })), {
        message: /is in a folder to which others may write;/,
      });
    }
    chmodSync(parent, 0o1777);
    assert.equal(openRuntimeFolder(placesIn(temporary, { named })).path, named);
  }),
);

test("a parent of another user is refused", { skip: NEEDS_UNIX || (!isRoot && "needs root") }, () =>
  withTempDir(async (temporary) => {
    const parent = join(temporary, "parent");
    mkdirSync(parent, 0o755);
    chownSync(parent, OTHER, OTHER);
    assert.throws(() => openRuntimeFolder(placesIn(temporary, { named: join(parent, "folder") })), {
      message: /is in a folder of another user;/,
    });
  }),
);

test("a link is refused with a slash at its end, too", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (temporary) => {
    const named = join(temporary, "link");
    mkdirSync(`${named}-target`, 0o700);
    symlinkSync(`${named}-target`, named);
    for (const end of ["", "/", "/."]) {
      assert.throws(() => openRuntimeFolder(placesIn(temporary, { named: named + end })), {
        message: `Runtime folder "${named}" is a link${ADVICE}`,
      });
    }
  }),
);

interface Facts {
  readonly uid: number;
  readonly mode: number;
  readonly kind?: "link" | "file";
}

function statsOf({ uid, mode, kind }: Facts): Stats {
  const stats = {
    uid,
    mode,
    isSymbolicLink: () => kind === "link",
    isDirectory: () => kind === undefined,
  };
  // Cast: nothing else is read.
  return stats as unknown as Stats;
}

const FACTS: readonly [facts: Facts, reason: string | undefined][] = [
  [{ uid: 1_000, mode: 0o700 }, undefined],
  [{ uid: 1_000, mode: 0o2700 }, undefined],
  [{ uid: 1_000, mode: 0o700, kind: "link" }, "is a link"],
  [{ uid: 1_000, mode: 0o700, kind: "file" }, "is not a folder"],
  [{ uid: 0, mode: 0o700 }, "belongs to another user"],
  [{ uid: 1_001, mode: 0o700 }, "belongs to another user"],
  [{ uid: 1_000, mode: 0o701 }, "is open to other users"],
];

for (const [facts, reason] of FACTS) {
  test(`a folder with ${JSON.stringify(facts)} ${reason ?? "is ours alone"}`, () => {
    assert.equal(reasonAgainst(statsOf(facts), 1_000), reason);
  });
}

const PARENTS: readonly [facts: Facts, reason: string | undefined][] = [
  [{ uid: 0, mode: 0o1777 }, undefined],
  [{ uid: 0, mode: 0o755 }, undefined],
  [{ uid: 1_000, mode: 0o755 }, undefined],
  [{ uid: 1_000, mode: 0o1777 }, undefined],
  [{ uid: 1_001, mode: 0o755 }, "is in a folder of another user"],
  [{ uid: 1_001, mode: 0o1777 }, "is in a folder of another user"],
  [{ uid: 0, mode: 0o777 }, "is in a folder to which others may write"],
  [{ uid: 1_000, mode: 0o775 }, "is in a folder to which others may write"],
];

for (const [facts, reason] of PARENTS) {
  test(`a folder below one with ${JSON.stringify(facts)} ${reason ?? "cannot be exchanged"}`, () => {
    assert.equal(reasonAgainstParent(statsOf(facts), 1_000), reason);
  });
}

test("a folder that is not writable is replaced by one in memory", () =>
  withTempDir(async (temporary) => {
    const memory = makeShared(join(temporary, "memory"));
    const missing = join(temporary, "missing");
    const { path, ledgerPath } = openRuntimeFolder(placesIn(missing, { memory }));
    assert.equal(path, join(memory, `promhttp-${UID}`));
    assert.equal(ledgerPath, path);
  }));

test("a folder that others could exchange is replaced by one in memory", { skip: NEEDS_UNIX }, () =>
  withTempDir(async (folder) => {
    const memory = makeShared(join(folder, "memory"));
    const temporary = join(folder, "temporary");
    mkdirSync(temporary);
    // As Kubernetes makes a volume of the kind `emptyDir`.
    chmodSync(temporary, 0o777);
    assert.equal(
      openRuntimeFolder(placesIn(temporary, { memory })).path,
      join(memory, `promhttp-${UID}`),
    );
    assert.deepEqual(readdirSync(temporary), []);
  }),
);

test("a folder whose path is too long is replaced by one with a short path", () =>
  withTempDir(async (folder) => {
    const temporary = join(folder, "x".repeat(62));
    mkdirSync(temporary);
    const last = makeShared(join(folder, "last"));
    const { path, ledgerPath } = openRuntimeFolder(
      placesIn(temporary, { memory: join(folder, "missing"), last }),
    );
    assert.equal(path, join(last, `promhttp-${UID}`));
    assert.equal(ledgerPath, path);
  }));

test("without any folder that will do, the reason is that of the first", () =>
  withTempDir(async (temporary) => {
    const missing = join(temporary, "missing");
    assert.throws(() => openRuntimeFolder(placesIn(missing)), {
      message: `Runtime folder "${join(missing, `promhttp-${UID}`)}" is not writable (ENOENT)${ADVICE}`,
    });
  }));

test("a named folder that is not writable is refused, and no other is tried", () =>
  withTempDir(async (temporary) => {
    const named = join(temporary, "missing", "folder");
    assert.throws(() => openRuntimeFolder(placesIn(temporary, { named })), {
      message: `Runtime folder "${named}" is not writable (ENOENT)${ADVICE}`,
    });
  }));

test(
  "a folder on a read-only file system is replaced by one in memory",
  { skip: !isRoot && "needs root" },
  () =>
    withTempDir(async (temporary) => {
      const memory = makeShared(join(temporary, "memory"));
      const readOnly = join(temporary, "read-only");
      // One without the folder, and one in which it was made before.
      for (const setUp of ["", `mkdir -m 700 ${readOnly}/promhttp-${UID};`]) {
        mkdirSync(readOnly, { recursive: true });
        const module = new URL("../../../src/group/meeting/runtime-folder.ts", import.meta.url)
          .href;
        const loader = new URL("../../../tools/typescript/register.mjs", import.meta.url).href;
        const places = JSON.stringify(placesIn(readOnly, { memory }));
        const code = `import(${JSON.stringify(module)}).then(({ openRuntimeFolder }) =>
        console.log(openRuntimeFolder(${places}).path))`;
        const script = `mount -t tmpfs -o mode=1777 none ${readOnly}; ${setUp} mount -o remount,ro ${readOnly};
        exec "$0" --import ${loader} -e '${code}'`;
        const output = execFileSync("unshare", ["-m", "sh", "-c", script, process.execPath], {
          encoding: "utf8",
        });
        assert.equal(output.trim(), join(memory, `promhttp-${UID}`));
      }
    }),
);

test("a path that is not absolute, or too long for a socket, is refused", () => {
  const places = placesIn("/tmp");
  assert.throws(() => openRuntimeFolder({ ...places, named: "folder" }), {
    message: `Runtime folder "folder" is not an absolute path${ADVICE}`,
  });
  assert.throws(() => openRuntimeFolder({ ...places, named: `/${"x".repeat(62)}` }), {
    message: /has a path of more than 62 bytes;/,
  });
});

test("Windows has no such folder", () => {
  for (const windows of [{ platform: "win32" as const }, { uid: undefined }]) {
    assert.throws(() => openRuntimeFolder(placesIn("/tmp", windows)), { message: /^Windows/ });
  }
});
