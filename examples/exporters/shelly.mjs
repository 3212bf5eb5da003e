// Shelly plugs, which answer JSON over HTTP; each generation of their API is a module.
import { once } from "node:events";
import { get } from "node:http";

export const flags = {
  "targets.allow": {
    type: "string",
    multiple: true,
    default: ["*.lan"],
    env: "TARGETS_ALLOW",
    help: "A host, a domain such as *.lan, or a network whose plugs may be asked.",
  },
};

/** Where each generation keeps its values. They become base units: joules, whatever the plug counts. */
const MODULES = {
  gen2: {
    path: "/rpc/Switch.GetStatus?id=0",
    read: ({ output, apower, aenergy, temperature }) =>
      familiesOf(output, apower, aenergy.total * 3_600, temperature.tC),
  },
  gen1: {
    path: "/status",
    read: ({ relays: [relay], meters: [meter], temperature }) =>
      familiesOf(relay.ison, meter.power, meter.total * 60, temperature),
  },
};

const familiesOf = (isOn, watts, joules, celsius) => [
  family("shelly_on", "gauge", "Whether the plug is on.", isOn),
  family("shelly_power_watts", "gauge", "What the plug draws now.", watts),
  family("shelly_energy_joules_total", "counter", "What the plug has drawn.", joules),
  family("shelly_temperature_celsius", "gauge", "Temperature inside the plug.", celsius),
];

function family(name, type, help, value) {
  return { name, type, help, metrics: [{ labels: {}, value: Number(value) }] };
}

/** @returns {import("promhttp").Probe} */
export const probe = ({ "targets.allow": allow }) => ({
  allow,
  modules: Object.keys(MODULES),
  async probe({ target, module, signal, lookup }) {
    const { path, read } = MODULES[module];
    const url = new URL(path, `http://${target.authority}`);
    // Not fetch(): it takes no lookup, and follows redirects to hosts that nobody has allowed.
    const request = get(url, { lookup, signal, agent: false });
    const [response] = await once(request, "response");
    let body = "";
    for await (const chunk of response.setEncoding("utf8")) {
      body += chunk;
      if (body.length > 65_536) throw new Error("The answer is too large");
    }
    if (response.statusCode !== 200) throw new Error(`The plug answers ${response.statusCode}`);
    return read(JSON.parse(body));
  },
});
