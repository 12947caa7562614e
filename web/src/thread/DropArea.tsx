import { useRef, useState, type DragEvent, type ReactNode } from "react";
import { useI18n } from "../i18n/I18n";

interface DropAreaProps {
  isDisabled: boolean;
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes("Files");
}

/** Takes files dropped anywhere on the thread. */
export function DropArea({ isDisabled, onFiles, children }: DropAreaProps) {
  const { t } = useI18n();
  const depth = useRef(0);
  const [isOver, setOver] = useState(false);
  const leave = () => {
    depth.current = 0;
    setOver(false);
  };
  if (isDisabled) return <div className="drop-area">{children}</div>;
  return (
    <div
      className="drop-area"
      onDragEnter={(event) => {
        if (!carriesFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={() => {
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) setOver(false);
      }}
      onDragOver={(event) => {
        if (carriesFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        leave();
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {isOver && <div className="drop-hint">{t("composer.drop")}</div>}
    </div>
  );
}
