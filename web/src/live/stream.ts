import { api } from "../api/client";
import { listenToTabs, tellOtherTabs, withTabLock } from "../api/tabs";
import { backendUrl } from "../config";

export interface LiveHandlers {
  /** An event of the server: `letter`, `unread` or `read`, with its JSON. */
  onEvent: (event: string, data: string) => void;
  /** The stream (re)opened, or it is time to poll: events may have been missed. */
  onGap: () => void;
}

const EVENTS = ["letter", "unread", "read"] as const;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const POLL_MS = 15_000;

/**
 * Live events for this tab, until `signal` aborts. Browsers allow few connections to one server, so
 * one tab holds the stream and passes the events on; when it closes, the next tab takes over.
 */
export function followEvents(handlers: LiveHandlers, signal: AbortSignal): void {
  const stopListening = listenToTabs((message) => {
    if (message.kind === "live") handlers.onEvent(message.event, message.data);
    if (message.kind === "gap") handlers.onGap();
  });
  signal.addEventListener("abort", stopListening);
  void withTabLock("live", () => leadTabs(sharedWithTabs(handlers), signal));
}

function sharedWithTabs({ onEvent, onGap }: LiveHandlers): LiveHandlers {
  return {
    onEvent: (event, data) => {
      tellOtherTabs({ kind: "live", event, data });
      onEvent(event, data);
    },
    onGap: () => {
      tellOtherTabs({ kind: "gap" });
      onGap();
    },
  };
}

async function leadTabs(handlers: LiveHandlers, signal: AbortSignal): Promise<void> {
  let isAlive = false;
  const poll = setInterval(() => {
    if (!isAlive) handlers.onGap();
  }, POLL_MS);
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const wasOpen = await holdStream(handlers, signal, (alive) => {
      isAlive = alive;
    });
    if (signal.aborted) break;
    waitMs = wasOpen ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
    await pause(waitMs, signal);
    await renewSession();
  }
  clearInterval(poll);
}

/** Holds one EventSource until it is closed for good; tells whether it was ever open. */
function holdStream(
  handlers: LiveHandlers,
  signal: AbortSignal,
  setAlive: (alive: boolean) => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    let wasOpen = false;
    const source = new EventSource(`${backendUrl}/v1/events`, { withCredentials: true });
    const end = () => {
      source.close();
      setAlive(false);
      resolve(wasOpen);
    };
    signal.addEventListener("abort", end, { once: true });
    source.onopen = () => {
      wasOpen = true;
      setAlive(true);
      handlers.onGap();
    };
    source.onerror = () => {
      setAlive(false);
      if (source.readyState === EventSource.CLOSED) end();
    };
    for (const event of EVENTS) {
      source.addEventListener(event, (message: MessageEvent<string>) => {
        handlers.onEvent(event, message.data);
      });
    }
  });
}

/** A refused stream does not say why: an ordinary request renews the session where that was it. */
async function renewSession(): Promise<void> {
  try {
    await api.GET("/v1/me");
  } catch {
    // Offline or signed out; the next round finds out.
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", wake, { once: true });
    globalThis.addEventListener("online", wake, { once: true });
  });
}
