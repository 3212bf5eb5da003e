// Starts the NodeSDK as the file says that OTEL_CONFIG_FILE names.
import * as opentelemetry from "@opentelemetry/sdk-node";

// It was renamed in 0.301.
(opentelemetry.startNodeSdk ?? opentelemetry.startNodeSDK)();
