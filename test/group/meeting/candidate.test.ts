import assert from "node:assert/strict";
import { test } from "node:test";
import { Candidate } from "../../../src/group/meeting/candidate.ts";
import type { Meeting } from "../../../src/group/meeting/meet.ts";
import { openRuntimeFolder } from "../../../src/group/meeting/runtime-folder.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import { within } from "../../helpers/within.ts";

const NEVER = new AbortController().signal;
const skip = process.platform === "win32" && "needs unix sockets";

function withMeeting(test: (meeting: Meeting) => Promise<void>): Promise<void> {
  return withTempDir(async (temporary) => {
    const { platform } = process;
    const uid = process.geteuid?.() ?? 0;
    const places = { platform, uid, inherited: undefined, temporary, named: `${temporary}/run` };
    const held = setInterval(() => {}, 1_000);
    try {
      await test({ folder: openRuntimeFolder(places), key: "0123456789abcdef" });
    } finally {
      clearInterval(held);
    }
  });
}

test("a candidate looks for a hub for some time, and never rejects", { skip }, () =>
  withMeeting(async (meeting) => {
    const isAlone = new Candidate(meeting, NEVER, 0);
    assert.equal(await within("looking", isAlone.look(30)), undefined);
    const hasLeft = new Candidate(meeting, AbortSignal.abort(new Error("over")), 0);
    assert.equal(await within("looking", hasLeft.look(60_000)), undefined);
  }),
);

test("elect() returns what becomes of the election that stand() left going on", { skip }, () =>
  withMeeting(async (meeting) => {
    const candidate = new Candidate(meeting, NEVER, 50);
    assert.equal(await within("standing", candidate.stand(0)), undefined);
    const elected = await within("the election", candidate.elect());
    assert.ok(elected.role === "hub");
    elected.seat.server.on("connection", (socket) => socket.destroy());
    // It was patient once: a second election, which would meet the hub, has not begun.
    const second = await within("another election", candidate.elect());
    assert.ok(second.role === "member");
    second.socket.destroy();
    await elected.seat.leave();
  }),
);
