import { useEffect, useEffectEvent } from "react";

interface Shortcuts {
  onFind: () => void;
  onHelp: () => void;
  onBack: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select") !== null;
}

/** The keys that work everywhere at home, unless a dialog is open or something else took them. */
export function useShortcuts({ onFind, onHelp, onBack }: Shortcuts): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("[role=dialog], [role=alertdialog]") !== null) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      onFind();
    } else if (event.key === "?" && !isTyping(event.target)) {
      event.preventDefault();
      onHelp();
    } else if (event.key === "Escape") {
      onBack();
    }
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}
