import { useId, type ReactNode } from "react";

interface SectionProps {
  title: string;
  text?: string;
  children: ReactNode;
}

export function Section({ title, text, children }: SectionProps) {
  const id = useId();
  return (
    <section className="setting" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {text !== undefined && <p className="quiet">{text}</p>}
      {children}
    </section>
  );
}
