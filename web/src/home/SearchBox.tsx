import type { KeyboardEvent, Ref } from "react";
import { useI18n } from "../i18n/I18n";
import { Icon } from "../ui/Icon";

interface SearchBoxProps {
  ref: Ref<HTMLInputElement>;
  value: string;
  onChange: (value: string) => void;
  onMoveDown: () => void;
  onEnter: () => void;
}

export function SearchBox({ ref, value, onChange, onMoveDown, onEnter }: SearchBoxProps) {
  const { t } = useI18n();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") onMoveDown();
    else if (event.key === "Enter") onEnter();
    else if (event.key === "Escape" && value !== "") onChange("");
    else return;
    event.preventDefault();
  };
  return (
    <div className="search field" role="search">
      <Icon name="search" />
      <input
        ref={ref}
        type="search"
        aria-label={t("home.search")}
        placeholder={t("home.search")}
        aria-keyshortcuts="Control+K Meta+K"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={32}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}
