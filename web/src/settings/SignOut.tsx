import { useMutation } from "@tanstack/react-query";
import { api } from "../api/client";
import { Problem } from "../api/problem";
import { useSession } from "../app/Session";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { ProblemNotice } from "../ui/Notice";

export function SignOut() {
  const { t } = useI18n();
  const { leave } = useSession();
  const signOut = useMutation({
    mutationFn: endThisSession,
    onSuccess: () => leave(),
  });
  return (
    <>
      <Button isPending={signOut.isPending} onPress={() => signOut.mutate()}>
        <Icon name="sign_out" />
        {t("settings.sign_out")}
      </Button>
      {signOut.error !== null && <ProblemNotice error={signOut.error} />}
    </>
  );
}

/** A session that the server has ended already is as good as ended here. */
async function endThisSession(): Promise<void> {
  try {
    await api.DELETE("/v1/sessions/current");
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) throw error;
  }
}
