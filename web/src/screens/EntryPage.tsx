import type { ReactNode } from "react";
import { Seal } from "../ui/Seal";
import "./entry.css";

/** The frame of every screen outside: one sheet of paper with the seal on its upper edge. */
export function EntryPage({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
}) {
  return (
    <main className="entry">
      <section className="sheet">
        <Seal letter="L" />
        <h1>{title}</h1>
        {lead !== undefined && <p className="quiet">{lead}</p>}
        {children}
      </section>
    </main>
  );
}
