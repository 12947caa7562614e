import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { useI18n } from "../i18n/I18n";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./dialog.css";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  role?: "dialog" | "alertdialog";
  size?: "small" | "large";
  children: ReactNode;
}

/** A window over the page; Escape and a press beside it close it, focus goes back where it was. */
export function Dialog({
  title,
  isOpen,
  onClose,
  role = "dialog",
  size = "small",
  children,
}: DialogProps) {
  const { t } = useI18n();
  return (
    <ModalOverlay
      className="scrim"
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={`modal modal-${size}`}>
        <AriaDialog role={role} className="dialog">
          <header className="dialog-head">
            <Heading slot="title">{title}</Heading>
            <Button look="icon" aria-label={t("common.close")} onPress={onClose}>
              <Icon name="close" />
            </Button>
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
