/** A server at the end of whose block the port is free. It is compiled and never run. */
import { register } from "prom-client";
import { Server } from "promhttp";

export async function check(): Promise<string> {
  await using server = await Server.listen(register, "127.0.0.1:0");
  const response = await fetch(server.url);
  return response.text();
}
