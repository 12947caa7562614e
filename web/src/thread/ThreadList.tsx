import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { formatDay } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import type { Person } from "../letters/letter";
import { eachLetter, type LetterPages } from "../letters/pages";
import { usePersonName } from "../people/name";
import { useTransfers } from "../transfers/store";
import { threadItems, type ThreadItem } from "./items";
import { LetterCard } from "./LetterCard";
import { OutgoingCard } from "./OutgoingCard";

const LIKELY_HEIGHT = 160;
const DAY_HEIGHT = 48;
const NEAR_START = 4;

interface ThreadListProps {
  person: Person;
  pages: LetterPages;
  thread: Pick<
    UseInfiniteQueryResult<LetterPages>,
    "hasNextPage" | "isFetchingNextPage" | "fetchNextPage"
  >;
}

/** The letters of a thread, of which only those in sight exist; it starts and stays at the newest. */
export function ThreadList({ person, pages, thread }: ThreadListProps) {
  const { t } = useI18n();
  const name = usePersonName(person);
  const scroller = useRef<HTMLDivElement>(null);
  const transfers = useTransfers();
  const outgoing = useMemo(
    () => transfers.filter((transfer) => transfer.draft.to.id === person.id),
    [transfers, person.id],
  );
  const letters = useMemo(() => [...eachLetter(pages)], [pages]);
  const items = useMemo(() => threadItems(letters, outgoing), [letters, outgoing]);

  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.kind === "day" ? DAY_HEIGHT : LIKELY_HEIGHT),
    getItemKey: (index) => items[index]?.key ?? index,
    overscan: 4,
    paddingStart: 16,
    paddingEnd: 16,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: 80,
  });

  const hasItems = items.length > 0;
  useEffect(() => {
    if (hasItems) rows.scrollToEnd();
  }, [rows, hasItems]);

  const shown = rows.getVirtualItems();
  const isNearStart = hasItems && (shown[0]?.index ?? Infinity) < NEAR_START;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = thread;
  useEffect(() => {
    if (isNearStart && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [isNearStart, hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (!hasItems) {
    return (
      <div className="thread-list">
        <div className="empty">
          <strong>{t("thread.empty_title")}</strong>
          <p>{t("thread.empty_text", { name })}</p>
        </div>
      </div>
    );
  }
  return (
    <div className="thread-list" ref={scroller} tabIndex={-1}>
      <ol aria-label={t("thread.letters_with", { name })} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          return (
            <li
              key={row.key}
              ref={rows.measureElement}
              data-index={row.index}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <Item item={item} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Item({ item }: { item: ThreadItem }) {
  const { locale } = useI18n();
  switch (item.kind) {
    case "day":
      return <p className="day">{formatDay(item.at, new Date(), locale)}</p>;
    case "letter":
      return <LetterCard letter={item.letter} />;
    case "outgoing":
      return <OutgoingCard transfer={item.transfer} />;
  }
}
