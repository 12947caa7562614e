import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { keys } from "../letters/queries";

type ServiceConfig = components["schemas"]["ServiceConfig"];

/** What holds until the server has said how it is set up. */
const presumed: ServiceConfig = {
  version: "",
  backend: "embedded",
  sign_up: "open",
  sign_up_domains: [],
  max_letter_bytes: 5 * 1024 ** 3,
  uploads: false,
  password_rules: { min_length: 10, max_length: 256 },
  mail: "smtp",
};

export function useServiceConfig(): ServiceConfig {
  const config = useQuery({
    queryKey: keys.config,
    queryFn: () => body(api.GET("/v1/config")),
    staleTime: Infinity,
  });
  return config.data ?? presumed;
}

/** Whether a forgotten password costs the letters, unless a recovery key is kept: on AWS keys stay in KMS. */
export function useRecoveryKeys(): boolean {
  return useServiceConfig().backend === "embedded";
}
