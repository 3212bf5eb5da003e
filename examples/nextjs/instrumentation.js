// What Next.js runs once, before it serves.
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { visits } = await import("./metrics.js");
  visits.inc({ page: "/" }, 0); // a counter that starts at 0 shows its first increase
  await import("./workers.js"); // joins the other processes
}
