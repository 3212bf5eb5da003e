// Scrapes a server with faults between; test/long/ does it for much longer.
import { test } from "node:test";
import { assertHoldsNoMore } from "./soak.ts";

test("a server holds no more after 5,000 scrapes with faults than after the first ones", () =>
  assertHoldsNoMore(5_000));
