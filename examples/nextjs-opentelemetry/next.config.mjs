// As Node loads them, not in a bundle.
export default {
  serverExternalPackages: ["@opentelemetry/api", "@opentelemetry/sdk-metrics", "promhttp"],
};
