const shapes = {
  attach:
    "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.6-7.5",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  clock: "M12 7v5l3.5 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17",
  copy: "M9 9h10v11H9zM5 15V4h10",
  download: "M12 4v11m-5-4.5l5 5 5-5M5 20h14",
  file: "M6 3.5h8l4 4.5v12.5H6zM14 3.5V8h4",
  keyboard: "M3 7h18v10H3zM7 10.5h.01M10.5 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8",
  letter: "M3.5 6h17v12h-17zM3.5 6.5l8.5 7 8.5-7",
  letter_open: "M3.5 10l8.5-6 8.5 6v9.5h-17zM3.5 10.5l8.5 6 8.5-6",
  offline: "M4 9a12 12 0 0 1 16 0M7 12.5a7.5 7.5 0 0 1 10 0M10 16a3.2 3.2 0 0 1 4 0M4 4l16 16",
  options: "M5 7h9m5 0h0M5 17h3m6 0h5M16.5 4.8v4.4M10.5 14.8v4.4",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  retry: "M19 12a7 7 0 1 1-2-5M18 3v4.5h-4.5",
  search: "M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12M15 15l5 5",
  send: "M4 12l16-8-5 16-3.5-6.5z",
  settings:
    "M12 5.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 0 1 0-12.4M12 9.6a2.4 2.4 0 1 1 0 4.8a2.4 2.4 0 0 1 0-4.8M17.7 14.4L20.1 15.4M14.4 17.7L15.4 20.1M9.6 17.7L8.6 20.1M6.3 14.4L3.9 15.4M6.3 9.6L3.9 8.6M9.6 6.3L8.6 3.9M14.4 6.3L15.4 3.9M17.7 9.6L20.1 8.6",
  shield: "M12 3.5l7 2.5v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM9 12l2.2 2.200L15.2 10",
  sign_out: "M14 4H5v16h9M10 12h10m-3.5-3.500L20 12l-3.5 3.5",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  unverified: "M12 3.500l7 2.500v5.500c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM12 8.500v4M12 15.500h.01",
  warning: "M12 4l9 16H3zM12 10v4.500M12 17.200h.01",
} as const;

export type IconName = keyof typeof shapes;

/** A line drawing that says nothing to a screen reader: put words beside it. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
