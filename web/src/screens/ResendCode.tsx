import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../api/client";
import { explainProblem } from "../api/explain";
import { asProblem } from "../api/problem";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";

const WAIT_SECONDS = 60;

/** Asks for another code, at most once a minute. */
export function ResendCode({ username }: { username: string }) {
  const { t, locale } = useI18n();
  const [secondsLeft, setSecondsLeft] = useState(WAIT_SECONDS);

  useEffect(() => {
    if (secondsLeft === 0) return;
    const timer = setTimeout(() => setSecondsLeft(secondsLeft - 1), 1000);
    return () => clearTimeout(timer);
  }, [secondsLeft]);

  const resend = useMutation({
    mutationFn: () => api.POST("/v1/accounts/resend-code", { body: { username } }),
    onSettled: () => setSecondsLeft(WAIT_SECONDS),
  });
  const said =
    resend.error !== null
      ? explainProblem(asProblem(resend.error), t, locale)
      : resend.isSuccess
        ? t("verify.resent")
        : "";
  return (
    <div>
      <Button
        look="link"
        isDisabled={secondsLeft > 0 || username === ""}
        isPending={resend.isPending}
        onPress={() => resend.mutate()}
      >
        {secondsLeft > 0 ? t("verify.resend_in", { count: secondsLeft }) : t("verify.resend")}
      </Button>
      <p className="field-help" role="status">
        {said}
      </p>
    </div>
  );
}
