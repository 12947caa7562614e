interface DeployedConfig {
  BACKEND_URL?: string;
}

declare global {
  interface Window {
    LETTERLOCK_CONFIG?: DeployedConfig;
  }
}

/** Where the API is, without a trailing slash; empty: the origin that served this page. */
export const backendUrl = (globalThis.window?.LETTERLOCK_CONFIG?.BACKEND_URL ?? "").replace(
  /\/+$/,
  "",
);
