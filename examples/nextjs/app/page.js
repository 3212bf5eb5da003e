// A page that counts its visits.
import { connection } from "next/server";
import { createElement, Suspense } from "react";
import { visits } from "../metrics.js";

async function Visit() {
  await connection(); // render it at each visit
  visits.inc({ page: "/" });
  return "Hello!";
}

export default function Page() {
  return createElement(Suspense, null, createElement(Visit));
}
