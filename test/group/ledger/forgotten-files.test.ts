import assert from "node:assert/strict";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { removeForgottenFiles } from "../../../src/group/ledger/forgotten-files.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const [DEAD, ALIVE] = ["0123456789abcdef", "fedcba9876543210"];

test("removeForgottenFiles() removes groups of which no file has changed for a week", () =>
  withTempDir(async (folder) => {
    const old = [
      `${DEAD}.ledger`,
      `${DEAD}.x-0.layout`,
      `${DEAD}.1-2-0.last`,
      `${DEAD}.1-2-0.last.tmp`,
      `${DEAD}.sock`,
      `${ALIVE}.x-0.layout`,
      "notes.ledger",
    ];
    const eightDaysAgo = Date.now() / 1_000 - 8 * 24 * 60 * 60;
    for (const name of old) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), eightDaysAgo, eightDaysAgo);
    }
    writeFileSync(join(folder, `${ALIVE}.ledger`), "");
    removeForgottenFiles(folder);
    assert.deepEqual(
      readdirSync(folder).sort(),
      [`${DEAD}.sock`, `${ALIVE}.ledger`, `${ALIVE}.x-0.layout`, "notes.ledger"].sort(),
    );
  }));
