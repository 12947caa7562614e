import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { explainProblem } from "../api/explain";
import { useI18n } from "../i18n/I18n";
import { Icon, type IconName } from "./Icon";

interface NoticeProps {
  kind?: "note" | "problem";
  icon?: IconName;
  children: ReactNode;
}

/** A block of words that matter now; problems are announced at once. */
export function Notice({ kind = "note", icon, children }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "problem" ? "alert" : "status"}>
      <Icon name={icon ?? (kind === "problem" ? "warning" : "letter")} />
      <div className="notice-body">{children}</div>
    </div>
  );
}

/** What went wrong and what to do, for any error of a request. */
export function ProblemNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const { t, locale } = useI18n();
  const problem = asProblem(error);
  const isOurs = problem.status >= 500 || problem.code === "not_our_server";
  return (
    <Notice kind="problem">
      <p>{explainProblem(problem, t, locale)}</p>
      {isOurs && problem.requestId !== undefined && (
        <p className="notice-reference">{t("problem.reference", { id: problem.requestId })}</p>
      )}
      {children}
    </Notice>
  );
}
