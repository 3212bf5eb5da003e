import assert from "node:assert/strict";
import { test } from "node:test";
import { Loan } from "../../src/exposition/loan.ts";

test("Loan is free when all its borrowers have given it back", () => {
  const loan = new Loan(10);
  assert.deepEqual([loan.length, loan.isLent, loan.isFree], [10, false, true]);
  loan.lend();
  loan.lend();
  loan.giveBack(false);
  assert.deepEqual([loan.isLent, loan.isFree], [true, false]);
  loan.giveBack(false);
  assert.deepEqual([loan.isLent, loan.isFree], [false, true]);
});

test("Loan is never free again when a borrower was cut off", () => {
  const loan = new Loan(10).lend();
  loan.lend();
  loan.giveBack(true);
  loan.giveBack(false);
  assert.deepEqual([loan.isLent, loan.isFree], [false, false]);
});

test("Loan says when the last borrower has given it back, however that ended", () => {
  for (const isCutOff of [false, true]) {
    const loan = new Loan(10).lend();
    loan.lend();
    let returned = 0;
    loan.onReturned(() => returned++);
    loan.giveBack(isCutOff);
    assert.equal(returned, 0);
    loan.giveBack(isCutOff);
    assert.equal(returned, 1);
  }
});
