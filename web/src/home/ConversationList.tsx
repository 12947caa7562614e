import { useCallback, useMemo, type Ref } from "react";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { groupConversations } from "../letters/conversations";
import { eachLetter } from "../letters/pages";
import { useAllLetters, useUnread } from "../letters/queries";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { ConversationRow } from "./ConversationRow";
import { PeopleList } from "./PeopleList";
import { RowList, type RowListHandle } from "./RowList";

interface ConversationListProps {
  ref: Ref<RowListHandle>;
  currentId: string | undefined;
}

/** Conversations by their latest letter; older ones are fetched as the end comes into sight. */
export function ConversationList({ ref, currentId }: ConversationListProps) {
  const { t } = useI18n();
  const me = useMe();
  const letters = useAllLetters();
  const unread = useUnread();
  const conversations = useMemo(
    () => groupConversations(eachLetter(letters.data), unread.data?.senders ?? [], me.id),
    [letters.data, unread.data, me.id],
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = letters;
  const fetchMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (letters.error !== null && letters.data === undefined)
    return <ProblemNotice error={letters.error} />;
  if (letters.data === undefined) return <Waiting />;
  if (conversations.length === 0) {
    return (
      <>
        <div className="empty list-empty">
          <strong>{t("home.no_letters_title")}</strong>
          <p>{t("home.no_letters_text")}</p>
        </div>
        <PeopleList ref={ref} prefix="" currentId={currentId} />
      </>
    );
  }
  return (
    <RowList
      ref={ref}
      label={t("home.conversations")}
      items={conversations}
      keyOf={(conversation) => conversation.person.id}
      currentKey={currentId}
      onNearEnd={fetchMore}
    >
      {(conversation) => <ConversationRow conversation={conversation} />}
    </RowList>
  );
}
