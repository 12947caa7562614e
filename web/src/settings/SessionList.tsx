import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import { formatDateTime } from "../i18n/format";
import { useI18n } from "../i18n/I18n";
import { keys } from "../letters/queries";
import { Button } from "../ui/Button";
import { ProblemNotice } from "../ui/Notice";
import { Waiting } from "../ui/Waiting";
import { Section } from "./Section";

type Session = components["schemas"]["Session"];

export function SessionList() {
  const { t } = useI18n();
  const client = useQueryClient();
  const sessions = useQuery({
    queryKey: keys.sessions,
    queryFn: () => body(api.GET("/v1/sessions")),
  });
  const refetch = () => client.invalidateQueries({ queryKey: keys.sessions });
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE("/v1/sessions/{id}", { params: { path: { id } } }),
    onSettled: refetch,
  });
  const endOthers = useMutation({
    mutationFn: () => api.DELETE("/v1/sessions"),
    onSettled: refetch,
  });
  const problem = sessions.error ?? end.error ?? endOthers.error;
  const items = sessions.data?.items ?? [];
  return (
    <Section title={t("sessions.title")} text={t("sessions.text")}>
      {problem !== null && <ProblemNotice error={problem} />}
      {sessions.isPending && <Waiting />}
      <ul className="sessions">
        {items.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            isPending={end.isPending && end.variables === session.id}
            onEnd={() => end.mutate(session.id)}
          />
        ))}
      </ul>
      {items.length > 1 && (
        <Button isPending={endOthers.isPending} onPress={() => endOthers.mutate()}>
          {t("sessions.end_others")}
        </Button>
      )}
    </Section>
  );
}

interface SessionRowProps {
  session: Session;
  isPending: boolean;
  onEnd: () => void;
}

function SessionRow({ session, isPending, onEnd }: SessionRowProps) {
  const { t, locale } = useI18n();
  const client = session.client === "" ? t("sessions.unnamed") : session.client;
  const used = formatDateTime(new Date(session.last_used_at), locale);
  return (
    <li className="session">
      <div>
        <strong>{client}</strong>
        {session.current && <span className="tag">{t("sessions.current")}</span>}
        <p className="quiet">{t("sessions.last_used", { when: used })}</p>
      </div>
      {!session.current && (
        <Button
          aria-label={t("sessions.end_label", { client, when: used })}
          isPending={isPending}
          onPress={onEnd}
        >
          {t("sessions.end")}
        </Button>
      )}
    </li>
  );
}
