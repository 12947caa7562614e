import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

const MAX_RETRIES = 3;

/** Repeats only what failed for a passing reason; works on without the internet (localhost). */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always",
        refetchOnWindowFocus: false,
        retry: (failures, error) =>
          error instanceof Problem && error.isPassing && failures < MAX_RETRIES,
      },
      // What was sent and answered holds passwords and secrets: nothing of it outlives its screen.
      mutations: { networkMode: "always", gcTime: 0 },
    },
  });
}
