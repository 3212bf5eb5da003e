// A test of metrics for Vitest.
import { Counter, Registry } from "prom-client";
import { render } from "promhttp";
import { expect, test } from "vitest";

test("an order counts", async () => {
  const register = new Registry();
  const orders = new Counter({ name: "shop_orders_total", help: "Orders.", registers: [register] });
  orders.inc();
  expect((await render(register)).text).toContain("\nshop_orders_total 1\n");
});
