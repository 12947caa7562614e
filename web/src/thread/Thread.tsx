import { useEffect, useRef, useState } from "react";
import { Navigate } from "react-router";
import { useMe } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { useThread } from "../letters/queries";
import { usePerson } from "../people/usePerson";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { Composer } from "./Composer";
import { DropArea } from "./DropArea";
import { leaveThread } from "./opened";
import { ThreadHead } from "./ThreadHead";
import { ThreadList } from "./ThreadList";
import "./thread.css";

/** Everything exchanged with one person, and the composer. */
export function Thread({ personId }: { personId: string }) {
  const { t } = useI18n();
  const me = useMe();
  const thread = useThread(personId);
  const { person, error, isGone } = usePerson(personId, thread.data);
  const [files, setFiles] = useState<readonly File[]>([]);
  const composer = useRef<HTMLTextAreaElement>(null);
  useEffect(() => leaveThread, []);

  if (personId === me.id) return <Navigate to="/" replace />;
  if (error !== null) return <ProblemNotice error={error} />;
  if (thread.error !== null && thread.data === undefined)
    return <ProblemNotice error={thread.error} />;
  if (person === null) return <Waiting />;

  const addFiles = (added: readonly File[]) => {
    setFiles((chosen) => [...chosen, ...added]);
    composer.current?.focus();
  };
  return (
    <DropArea isDisabled={isGone} onFiles={addFiles}>
      <ThreadHead person={person} />
      {thread.data === undefined ? (
        <Waiting />
      ) : (
        <ThreadList person={person} pages={thread.data} thread={thread} />
      )}
      {isGone ? (
        <p className="thread-gone">{t("thread.gone")}</p>
      ) : (
        <Composer
          ref={composer}
          person={person}
          files={files}
          onFiles={addFiles}
          setFiles={setFiles}
        />
      )}
    </DropArea>
  );
}
