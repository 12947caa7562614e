import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from "react";
import { Link, useNavigate } from "react-router";

const ROW_HEIGHT = 72;
const NEAR_END = 5;

export interface RowListHandle {
  focus: () => void;
  openFirst: () => void;
}

interface RowListProps<T> {
  ref: Ref<RowListHandle>;
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  currentKey: string | undefined;
  children: (item: T) => ReactNode;
  onChosen?: (() => void) | undefined;
  onNearEnd?: (() => void) | undefined;
}

const linkTo = (key: string) => `/with/${key}`;

/**
 * A long list of links of which only those in sight exist. One of them takes part in the tab order;
 * the arrow keys, Home and End move it.
 */
export function RowList<T>(props: RowListProps<T>) {
  const { ref, label, items, keyOf, currentKey, children, onChosen, onNearEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const focusWanted = useRef(false);

  const wanted = activeKey ?? currentKey;
  const found = wanted === undefined ? -1 : items.findIndex((item) => keyOf(item) === wanted);
  const active = Math.max(0, found);

  const rangeExtractor = useCallback(
    (range: Range) => {
      const shown = defaultRangeExtractor(range);
      return shown.includes(active) ? shown : [...shown, active].sort((a, b) => a - b);
    },
    [active],
  );
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: 6,
    rangeExtractor,
  });

  const moveTo = (index: number) => {
    const item = items[Math.min(Math.max(index, 0), items.length - 1)];
    if (item === undefined) return;
    focusWanted.current = true;
    setActiveKey(keyOf(item));
    rows.scrollToIndex(items.indexOf(item));
    focusActive(scroller.current, items.indexOf(item));
  };
  useEffect(() => {
    if (!focusWanted.current) return;
    focusWanted.current = false;
    focusActive(scroller.current, active);
  }, [active]);

  useImperativeHandle(ref, () => ({
    focus: () => moveTo(active),
    openFirst: () => {
      const first = items[0];
      if (first === undefined) return;
      void navigate(linkTo(keyOf(first)));
      onChosen?.();
    },
  }));

  const shown = rows.getVirtualItems();
  const isNearEnd = (shown.at(-1)?.index ?? 0) >= items.length - NEAR_END;
  useEffect(() => {
    if (isNearEnd) onNearEnd?.();
  }, [isNearEnd, items.length, onNearEnd]);

  const onKeyDown = (event: KeyboardEvent) => {
    const target = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: items.length - 1 }[
      event.key
    ];
    if (target === undefined) return;
    event.preventDefault();
    moveTo(target);
  };
  return (
    <div className="rows" ref={scroller} onKeyDown={onKeyDown}>
      <ul aria-label={label} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          const key = keyOf(item);
          return (
            <li
              key={row.key}
              data-index={row.index}
              aria-setsize={items.length}
              aria-posinset={row.index + 1}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <Link
                className="row"
                to={linkTo(key)}
                tabIndex={row.index === active ? 0 : -1}
                aria-current={key === currentKey ? "page" : undefined}
                onClick={onChosen}
                onFocus={() => setActiveKey(key)}
              >
                {children(item)}
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function focusActive(scroller: HTMLElement | null, index: number): void {
  scroller?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus({ preventScroll: true });
}
