import { useMe } from "../app/Session";
import { formatShortWhen } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { activityOf, type Conversation } from "../letters/conversations";
import { usePersonName } from "../people/name";
import { Icon, type IconName } from "../ui/Icon";
import { Initial } from "../ui/Initial";

const icons: Record<ReturnType<typeof activityOf>, IconName> = {
  unread: "letter",
  received: "letter_open",
  delivered: "letter",
  read: "letter_open",
};

export function ConversationRow({ conversation }: { conversation: Conversation }) {
  const { t, locale } = useI18n();
  const me = useMe();
  const name = usePersonName(conversation.person);
  const activity = activityOf(conversation, me.id);
  const { unread } = conversation;
  return (
    <>
      <Initial name={name} />
      <span className="row-body">
        <span className="row-line">
          <bdi className="row-name">{name}</bdi>
          <time className="row-when" dateTime={conversation.latestAt}>
            {formatShortWhen(new Date(conversation.latestAt), new Date(), locale)}
          </time>
        </span>
        <span className="row-line">
          <span className="row-activity">
            <Icon name={icons[activity]} size={16} />
            {activity === "unread"
              ? t("activity.unread", { count: unread })
              : t(`activity.${activity}`)}
          </span>
          {unread > 0 && (
            <span className="badge" aria-hidden="true">
              {unread > 999 ? "999+" : unread}
            </span>
          )}
        </span>
      </span>
    </>
  );
}
