import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, type Ref } from "react";
import { api, body } from "../api/client";
import { useI18n } from "../i18n/I18n";
import { keys } from "../letters/queries";
import { Initial } from "../ui/Initial";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { RowList, type RowListHandle } from "./RowList";

const PAGE = 50;

interface PeopleListProps {
  ref: Ref<RowListHandle>;
  /** The beginning of a username; empty lists everybody. */
  prefix: string;
  currentId: string | undefined;
  onChosen?: () => void;
}

export function PeopleList({ ref, prefix, currentId, onChosen }: PeopleListProps) {
  const { t } = useI18n();
  const wanted = useDeferredValue(prefix.toLowerCase());
  const people = useInfiniteQuery({
    queryKey: keys.people(wanted),
    queryFn: ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        ...(wanted === "" ? {} : { q: wanted }),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      };
      return body(api.GET("/v1/people", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  const found = useMemo(
    () => people.data?.pages.flatMap((page) => page.items) ?? [],
    [people.data],
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = people;
  const fetchMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (people.error !== null) return <ProblemNotice error={people.error} />;
  if (people.data === undefined) return <Waiting />;
  return (
    <>
      <p className="visually-hidden" role="status">
        {t("people.found", { count: found.length })}
      </p>
      {found.length === 0 ? (
        <div className="empty list-empty">
          <p>{prefix === "" ? t("people.nobody") : t("people.none_found", { prefix })}</p>
        </div>
      ) : (
        <RowList
          ref={ref}
          label={t("people.title")}
          items={found}
          keyOf={(person) => person.id}
          currentKey={currentId}
          onChosen={onChosen}
          onNearEnd={fetchMore}
        >
          {(person) => (
            <>
              <Initial name={person.username} />
              <span className="row-body">
                <bdi className="row-name">{person.username}</bdi>
              </span>
            </>
          )}
        </RowList>
      )}
    </>
  );
}
