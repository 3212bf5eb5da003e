// One copy of each package for the whole application: with a copy in each bundle, a page would count in
// another registry than the one that a route serves.
export default {
  serverExternalPackages: ["prom-client", "promhttp"],
};
