import { useImperativeHandle, useRef, useState, type Ref } from "react";
import { Link } from "react-router";
import { useI18n } from "../i18n/I18n";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Seal } from "../ui/Seal";
import { ConversationList } from "./ConversationList";
import { PeopleList } from "./PeopleList";
import type { RowListHandle } from "./RowList";
import { SearchBox } from "./SearchBox";

export interface ListPaneHandle {
  focusSearch: () => void;
  focusList: () => void;
}

interface ListPaneProps {
  ref: Ref<ListPaneHandle>;
  currentId: string | undefined;
  onHelp: () => void;
}

/** The left side: conversations or, while something is searched, people. */
export function ListPane({ ref, currentId, onHelp }: ListPaneProps) {
  const { t } = useI18n();
  const [query, setQuery] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const rows = useRef<RowListHandle>(null);
  useImperativeHandle(ref, () => ({
    focusSearch: () => search.current?.select(),
    focusList: () => {
      setQuery("");
      rows.current?.focus();
    },
  }));

  const prefix = query.trim();
  return (
    <section className="list-pane" aria-label={t("home.conversations")}>
      <header className="list-head">
        <span className="brand">
          <Seal letter="L" />
          Letterlock
        </span>
        <Button
          look="icon"
          className="keyboard-only"
          aria-label={t("shortcuts.title")}
          onPress={onHelp}
        >
          <Icon name="keyboard" />
        </Button>
        <Link className="button button-icon" to="/settings" aria-label={t("settings.title")}>
          <Icon name="settings" />
        </Link>
      </header>
      <SearchBox
        ref={search}
        value={query}
        onChange={setQuery}
        onMoveDown={() => rows.current?.focus()}
        onEnter={() => rows.current?.openFirst()}
      />
      {prefix === "" ? (
        <ConversationList ref={rows} currentId={currentId} />
      ) : (
        <PeopleList
          ref={rows}
          prefix={prefix}
          currentId={currentId}
          onChosen={() => setQuery("")}
        />
      )}
    </section>
  );
}
