import { useEffect, useState } from "react";

const SETTLED_MS = 120;

/** True once the row has been there for a moment: rows that fly past while scrolling fetch nothing. */
export function useSettled(): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLED_MS);
    return () => clearTimeout(timer);
  }, []);
  return isSettled;
}
