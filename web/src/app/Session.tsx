import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { maySignedIn, noteSignedIn, noteSignedOut, onSessionEnd } from "../api/session";
import { listenToTabs, tellOtherTabs } from "../api/tabs";
import { keys } from "../letters/queries";
import { useLive } from "../live/useLive";
import { stopTransfers } from "../transfers/store";
import { useOutgoing } from "../transfers/useOutgoing";
import { claimTab, clearTab } from "./owner";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";

export type Me = components["schemas"]["Me"];

/** What the way in is told: where to go back to, or what to say. */
export interface Arrival {
  from?: string;
  note?: "confirmed" | "reset" | "erased";
}

interface SessionContext {
  isSignedIn: boolean;
  /** Of the session that was left by intent; null when one ended by itself. */
  farewell: Arrival | null;
  /** The server took the password: its cookies are set. */
  enter: () => void;
  /** The session is over: everything that was opened in this tab is forgotten, and the way in is
   * shown, with that note. */
  leave: (note?: Arrival["note"]) => void;
}

const Context = createContext<SessionContext | null>(null);
const MeContext = createContext<Me | null>(null);

export function useSession(): SessionContext {
  const session = useContext(Context);
  if (session === null) throw new Error("useSession outside of its provider");
  return session;
}

/** The signed-in person; only below RequireSession. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("useMe outside of RequireSession");
  return me;
}

export function SessionRoot({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [isSignedIn, setSignedIn] = useState(maySignedIn);
  const [farewell, setFarewell] = useState<Arrival | null>(null);

  useEffect(() => {
    const forget = () => {
      stopTransfers();
      client.clear();
      setSignedIn(false);
    };
    const stopEnd = onSessionEnd(forget);
    const stopTabs = listenToTabs((message) => {
      if (message.kind === "signed-out") clearTab();
      if (message.kind === "signed-out" || message.kind === "ended") forget();
      if (message.kind === "signed-in") {
        client.clear();
        setSignedIn(true);
      }
    });
    return () => {
      stopEnd();
      stopTabs();
    };
  }, [client]);

  const enter = () => {
    client.clear();
    noteSignedIn();
    tellOtherTabs({ kind: "signed-in" });
    setFarewell(null);
    setSignedIn(true);
  };
  const leave = (note?: Arrival["note"]) => {
    noteSignedOut();
    stopTransfers();
    clearTab();
    client.clear();
    tellOtherTabs({ kind: "signed-out" });
    setFarewell(note === undefined ? {} : { note });
    setSignedIn(false);
  };
  return <Context value={{ isSignedIn, farewell, enter, leave }}>{children}</Context>;
}

async function fetchMe(): Promise<Me> {
  const me = await body(api.GET("/v1/me"));
  claimTab(me.id);
  return me;
}

/** Shows the screens below it to a signed-in person, and the way in to anybody else. */
export function RequireSession() {
  const { isSignedIn, farewell } = useSession();
  const location = useLocation();
  const me = useQuery({
    queryKey: keys.me,
    queryFn: fetchMe,
    enabled: isSignedIn,
    staleTime: 60_000,
  });
  if (!isSignedIn) {
    return <Navigate to="/sign-in" replace state={farewell ?? { from: location.pathname }} />;
  }
  if (me.data !== undefined) return <SignedIn key={me.data.id} me={me.data} />;
  if (me.error !== null) {
    return (
      <main className="empty">
        <ProblemNotice error={me.error} />
      </main>
    );
  }
  return <Waiting />;
}

function SignedIn({ me }: { me: Me }) {
  useLive(me.id);
  useOutgoing();
  return (
    <MeContext value={me}>
      <Outlet />
    </MeContext>
  );
}
