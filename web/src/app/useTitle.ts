import { useEffect } from "react";

/** The window's title, with the unread count before it. */
export function useTitle(name: string, unread = 0): void {
  useEffect(() => {
    const count = unread > 0 ? `(${unread}) ` : "";
    document.title = `${count}${name} · Letterlock`;
  }, [name, unread]);
}
