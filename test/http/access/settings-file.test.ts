import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { SettledFiles } from "../../../src/http/access/settings-change.ts";
import { readSettingsSync } from "../../../src/http/access/settings-file.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const read = async (file: string) =>
  (await new SettledFiles((readFile) => readFile(file)).loadWhole()).settings;
const readSync = async (file: string) => readSettingsSync(file);

for (const readFile of [read, readSync]) {
  test(`${readFile.name}() reads a file, or says why it cannot`, async () => {
    await withTempDir(async (directory) => {
      const at = (name: string) => join(directory, name);
      await writeFile(at("small"), "text");
      await writeFile(at("large"), Buffer.alloc(4 * 1_024 * 1_024 + 1));
      assert.equal(String(await readFile(at("small"))), "text");
      for (const [name, reason] of Object.entries({
        missing: "there is no such file",
        "small/x": "there is no such file",
        large: "it is larger than 4 MiB",
        "": "it is not a regular file",
      })) {
        await assert.rejects(readFile(at(name)), (error) => {
          assert.ok(error instanceof ConfigError);
          assert.equal(error.message, `Cannot use ${at(name)}: ${reason}`);
          assert.equal(error.code, "ERR_PROMHTTP_CONFIG");
          return true;
        });
      }
    });
  });
}
