// A page that counts its visits.
import { metrics } from "@opentelemetry/api";
import { connection } from "next/server";

const visits = metrics.getMeter("shop").createCounter("shop.visits");

export default async function Page() {
  await connection(); // render it at each visit
  visits.add(1, { page: "/" });
  return "Hello!";
}
