import { test } from "node:test";
import { assertHoldsNoMore } from "../fault/soak.ts";

test("a server holds no more after 200,000 scrapes with faults than after the first ones", () =>
  assertHoldsNoMore(200_000));

test("an application holds no more after 50,000 scrapes of its thread than after the first ones", () =>
  assertHoldsNoMore(50_000, ["thread"]));
