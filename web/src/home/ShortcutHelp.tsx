import { useI18n } from "../i18n/I18n";
import type { MessageKey } from "../i18n/language";
import { Dialog } from "../ui/Dialog";
import "./shortcuts.css";

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

const shortcuts: readonly [readonly string[], MessageKey][] = [
  [[isApple ? "⌘" : "Ctrl", "K"], "shortcuts.find"],
  [["↑", "↓"], "shortcuts.move"],
  [["Enter"], "shortcuts.open"],
  [["Esc"], "shortcuts.back"],
  [["Enter"], "shortcuts.send"],
  [["Shift", "Enter"], "shortcuts.newline"],
  [["?"], "shortcuts.help"],
];

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("shortcuts.title")} isOpen onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([pressed, does]) => (
          <div key={does}>
            <dt>
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
