import assert from "node:assert/strict";
import { test } from "node:test";
import { type News, RepeatedFaults } from "../../src/log/repeated-faults.ts";

const MINUTE = 60_000;

/** Faults under test, with what was told of them. */
function create() {
  const faults = new RepeatedFaults<string>("others");
  const told: [details: string, ...news: (string | number)[]][] = [];
  const newsOf = ({ isFirst, count, elapsedMs, isNewOrigin }: News) => [
    isFirst ? "begins" : `${count} in ${elapsedMs / 1_000} s`,
    ...(isNewOrigin ? ["new origin"] : []),
  ];
  return {
    told,
    occur: (now: number, name = "db", origin = "here") =>
      faults.occurred(
        { kind: "c", name },
        name,
        () => origin,
        now,
        (details, news) => told.push([details, ...newsOf(news)]),
      ),
    settle: (now: number, { kind = "c", failing = "" } = {}) =>
      faults.settled(
        kind,
        (name) => name === failing,
        now,
        (details, total) => told.push([details, "over", total]),
      ),
  };
}

test("RepeatedFaults tells when a fault begins, once a minute, and when it is over", () => {
  const { told, occur, settle } = create();
  for (let now = 0; now <= 2 * MINUTE + 15_000; now += 15_000) occur(now);
  settle(2 * MINUTE + 30_000);
  settle(2 * MINUTE + 45_000);
  assert.deepEqual(told, [
    ["db", "begins", "new origin"],
    ["db", "4 in 60 s"],
    ["db", "4 in 60 s"],
    ["db", "over", 10],
  ]);
});

test("RepeatedFaults keeps faults apart by kind and name", () => {
  const { told, occur, settle } = create();
  occur(0, "a");
  occur(0, "b");
  settle(1, { failing: "a" });
  settle(2, { kind: "other" });
  assert.deepEqual(told.slice(2), [["b", "over", 1]]);
});

test("RepeatedFaults tells of a fault that comes and goes no more often", () => {
  const { told, occur, settle } = create();
  for (let now = 0; now < 4 * MINUTE; now += 10_000) {
    occur(now);
    settle(now + 5_000);
  }
  assert.deepEqual(told.slice(0, 5), [
    ["db", "begins", "new origin"],
    ["db", "over", 1],
    ["db", "6 in 60 s"],
    ["db", "over", 6],
    ["db", "6 in 60 s"],
  ]);
  assert.equal(told.length, 8);
});

test("RepeatedFaults ends with the truth when a fault comes and goes", () => {
  const { told, occur, settle } = create();
  occur(0);
  settle(50_000);
  occur(MINUTE);
  // Too early to be told; the next one that asks is told.
  settle(70_000);
  settle(110_000);
  assert.deepEqual(told.slice(1), [
    ["db", "over", 1],
    ["db", "begins"],
    ["db", "over", 1],
  ]);
});

test("RepeatedFaults tells an origin again only after a long silence", () => {
  const { told, occur, settle } = create();
  occur(0, "db", "here");
  occur(MINUTE, "db", "there");
  occur(2 * MINUTE, "db", "here");
  settle(2 * MINUTE + 1);
  occur(3 * MINUTE, "db", "here");
  settle(4 * MINUTE);
  occur(60 * MINUTE, "db", "here");
  assert.deepEqual(
    told.filter(([, , origin]) => origin === "new origin").map(([, news]) => news),
    ["begins", "1 in 60 s", "begins"],
  );
});

test("RepeatedFaults bounds the origins of one fault", () => {
  const { told, occur } = create();
  for (let index = 0; index < 100; index++) occur(index * MINUTE, "db", `${index}`);
  assert.equal(told.length, 100);
  assert.equal(told.filter((line) => line.includes("new origin")).length, 8);
});

test("RepeatedFaults takes a fault for over after ten minutes without it", () => {
  const { told, occur, settle } = create();
  occur(0);
  settle(10 * MINUTE - 1, { kind: "other" });
  assert.equal(told.length, 1);
  settle(10 * MINUTE, { kind: "other" });
  assert.deepEqual(told.slice(1), [["db", "over", 1]]);
});

test("RepeatedFaults bounds its memory, and what it tells of faults beyond that", () => {
  const { told, occur } = create();
  const sweep = (now: number) => {
    for (let index = 0; index < 3_000; index++) occur(now, `${index}`);
  };
  sweep(0);
  assert.equal(told.length, 1_001);
  assert.deepEqual(told.at(-1), ["others", "begins"]);
  for (let now = 15_000; now <= MINUTE; now += 15_000) sweep(now);
  // One more of each that is remembered, and one for the others.
  assert.equal(told.length, 2 * 1_001);
  assert.deepEqual(
    told.find(([name], at) => name === "others" && at > 1_001),
    ["others", "8000 in 60 s"],
  );
});

test("RepeatedFaults makes room for new faults when old ones are long over", () => {
  const { told, occur } = create();
  for (let index = 0; index < 1_000; index++) occur(0, `${index}`);
  occur(11 * MINUTE, "new");
  assert.deepEqual(told.at(-1), ["new", "begins", "new origin"]);
});
