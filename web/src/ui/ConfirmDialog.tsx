import { useI18n } from "../i18n/I18n";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { ProblemNotice } from "./Notice";

interface ConfirmDialogProps {
  title: string;
  text: string;
  action: string;
  isPending: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export default function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, text, action, isPending, error, onConfirm, onClose } = props;
  const { t } = useI18n();
  return (
    <Dialog title={title} role="alertdialog" isOpen onClose={onClose}>
      <p>{text}</p>
      {error !== null && <ProblemNotice error={error} />}
      <div className="dialog-actions">
        <Button onPress={onClose} autoFocus>
          {t("common.cancel")}
        </Button>
        <Button look="danger" isPending={isPending} onPress={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
