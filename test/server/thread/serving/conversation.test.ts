import assert from "node:assert/strict";
import { test } from "node:test";
import { packError } from "../../../../src/server/thread/error-parcel.ts";
import { withApplication } from "./fake-application.ts";

const ALL = { names: undefined, pickedSources: undefined, params: {} };
const WANT = { type: "want", source: 0, deadlineMs: 0, wantsDurations: false, ...ALL } as const;
const PROBE = { type: "probe", path: "/p", request: {} as never } as const;

test("questions have numbers that ascend, whatever they ask for", () =>
  withApplication(async (application) => {
    application.conversation.ask(WANT);
    application.conversation.ask(PROBE);
    assert.equal((await application.next("want")).n, 1);
    assert.equal((await application.next("probe")).n, 2);
  }));

test("each reply settles its question, in any order", () =>
  withApplication(async (application) => {
    const { conversation } = application;
    const want = conversation.ask(WANT);
    const probe = conversation.ask(PROBE);
    const authorize = conversation.ask({ type: "authorize", request: {} as never });
    application.say({ type: "authorized", n: authorize.n, isAllowed: true });
    application.say({ type: "probed", n: probe.n, response: undefined });
    application.say({ type: "refused", n: want.n, error: packError(new TypeError("No")) });
    assert.equal(await authorize.reply, true);
    assert.deepEqual(await probe.reply, { type: "probed", n: 2, response: undefined });
    await assert.rejects(want.reply, new TypeError("No"));
  }));

test("an answer is applied even if nobody waits for it", () =>
  withApplication(async (application) => {
    const applied: number[] = [];
    application.apply = async ({ n }) => applied.push(n);
    const { conversation } = application;
    const left = conversation.ask(WANT);
    conversation.leave(left);
    const next = conversation.ask(WANT);
    for (const { n } of [left, next]) application.say(application.answerOf(n, []));
    await next.reply;
    assert.deepEqual(applied, [1, 2]);
  }));

test("the heartbeat's memory tells which question is the first that may have to be begun", () =>
  withApplication(async (application) => {
    const { conversation, heartbeat } = application;
    assert.equal(heartbeat.firstOpen, 1);
    const [first, second, third] = [WANT, PROBE, WANT].map((what) => conversation.ask(what));
    assert.ok(first && second && third);
    assert.equal(heartbeat.firstOpen, 1);
    conversation.leave(second);
    assert.equal(heartbeat.firstOpen, 1);
    application.say({ type: "collecting", n: first.n });
    application.say({ type: "refused", n: third.n, error: packError(new Error("No")) });
    await assert.rejects(third.reply);
    assert.equal(first.isCollecting, true);
    assert.equal(heartbeat.firstOpen, 4);
  }));

test("abandon() is said only of a question without a reply", () =>
  withApplication(async (application) => {
    const { conversation } = application;
    const [first, second] = [conversation.ask(WANT), conversation.ask(WANT)];
    await application.next("want");
    await application.next("want");
    application.say(application.answerOf(first.n, []));
    await first.reply;
    conversation.abandon(first, true);
    conversation.abandon(second, true);
    assert.deepEqual(await application.next("abandon"), { type: "abandon", n: 2, isLate: true });
    assert.equal(application.isSilent, true);
  }));

test("what is said of a question that nobody has asked is ignored", () =>
  withApplication(async (application) => {
    const { conversation } = application;
    conversation.receive({ type: "collecting", n: 9 });
    conversation.receive({ type: "authorized", n: 9, isAllowed: true });
    assert.equal(application.heartbeat.firstOpen, 1);
  }));

test("a question whose answer takes a while to be applied is not one to a stuck application", () =>
  withApplication(async (application) => {
    let apply = () => {};
    application.apply = () => new Promise((resolve) => (apply = () => resolve("applied")));
    const question = application.conversation.ask(WANT);
    application.conversation.receive(application.answerOf(question.n, []));
    assert.equal(question.isCollecting, true);
    apply();
    assert.equal(await question.reply, "applied");
  }));

test("knock() asks for one beat when the last one is old, and once while nothing is read", () =>
  withApplication(async (application) => {
    const { conversation, heartbeat } = application;
    const knocks = async (times: number) => {
      const question = conversation.ask(WANT);
      for (let time = 0; time < times; time++) await application.next("knock");
      await application.next("want");
      conversation.leave(question);
    };
    heartbeat.beat();
    conversation.knock();
    await knocks(0);
    application.freeze();
    for (let time = 0; time < 3; time++) conversation.knock();
    await knocks(1);
    heartbeat.beat();
    conversation.knock();
    await knocks(1);
  }));
