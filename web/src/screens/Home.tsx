import { lazy, Suspense, useRef, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { useMe } from "../app/Session";
import { useTitle } from "../app/useTitle";
import { ListPane, type ListPaneHandle } from "../home/ListPane";
import { useShortcuts } from "../home/useShortcuts";
import { useI18n } from "../i18n/I18n";
import { useUnread } from "../letters/queries";
import { Thread } from "../thread/Thread";
import "../home/home.css";

const ShortcutHelp = lazy(() => import("../home/ShortcutHelp"));

export default function Home() {
  const { t } = useI18n();
  const me = useMe();
  const navigate = useNavigate();
  const { personId } = useParams();
  const list = useRef<ListPaneHandle>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const unread = useUnread();
  const count = unread.data?.count ?? me.unread;
  useTitle(t("home.title"), count);
  useShortcuts({
    onFind: () => list.current?.focusSearch(),
    onHelp: () => setHelpOpen(true),
    onBack: () => {
      if (personId !== undefined) void navigate("/");
      list.current?.focusList();
    },
  });

  return (
    <main className="home" data-has-thread={personId !== undefined || undefined}>
      <h1 className="visually-hidden">{t("home.title")}</h1>
      <p className="visually-hidden" role="status">
        {count > 0 && t("activity.unread", { count })}
      </p>
      <ListPane ref={list} currentId={personId} onHelp={() => setHelpOpen(true)} />
      <section className="thread-pane" aria-label={t("thread.label")}>
        {personId === undefined ? (
          <div className="empty">
            <strong>{t("home.empty_title")}</strong>
            <p>{t("home.empty_text")}</p>
          </div>
        ) : (
          <Thread key={personId} personId={personId} />
        )}
      </section>
      {isHelpOpen && (
        <Suspense>
          <ShortcutHelp onClose={() => setHelpOpen(false)} />
        </Suspense>
      )}
    </main>
  );
}
