import {
  lazy,
  Suspense,
  useRef,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type Ref,
} from "react";
import { useI18n } from "../i18n/I18n";
import type { Person } from "../letters/letter";
import { usePersonName } from "../people/name";
import { useServiceConfig } from "../screens/serviceConfig";
import { formatSize } from "../i18n/format";
import { startTransfer } from "../transfers/store";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { makeDrafts, usualOptions } from "./compose";
import { readDraft, writeDraft } from "./drafts";
import { FileChips } from "./FileChips";
import "./composer.css";

const LetterOptions = lazy(() => import("./LetterOptions"));

interface ComposerProps {
  ref: Ref<HTMLTextAreaElement>;
  person: Person;
  files: readonly File[];
  onFiles: (added: readonly File[]) => void;
  setFiles: (files: readonly File[]) => void;
}

/** On a touch screen Enter is a new line; a keyboard without a mouse ("pointer: none") still sends. */
const sendsByEnter = !globalThis.matchMedia?.("(pointer: coarse)").matches;

export function Composer({ ref, person, files, onFiles, setFiles }: ComposerProps) {
  const { t, locale } = useI18n();
  const name = usePersonName(person);
  const { max_letter_bytes: maxBytes } = useServiceConfig();
  const [text, setText] = useState(() => readDraft(person.id));
  const [options, setOptions] = useState(usualOptions);
  const [showsOptions, setShowsOptions] = useState(false);
  const picker = useRef<HTMLInputElement>(null);

  const tooLarge = files.filter((file) => file.size > maxBytes);
  const canSend = (text.trim() !== "" || files.length > 0) && tooLarge.length === 0;
  const write = (next: string) => {
    setText(next);
    writeDraft(person.id, next);
  };
  const send = () => {
    if (!canSend) return;
    for (const { draft, file } of makeDrafts(person, text, files, options))
      startTransfer(draft, file);
    write("");
    setFiles([]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isPlainEnter = event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
    if (!isPlainEnter || !(sendsByEnter || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files];
    if (pasted.length === 0) return;
    event.preventDefault();
    onFiles(pasted);
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <FileChips
        files={files}
        onRemove={(gone) => setFiles(files.filter((file) => file !== gone))}
      />
      {tooLarge.length > 0 && (
        <p className="field-error" role="alert">
          {t("composer.too_large", { limit: formatSize(maxBytes, locale) })}
        </p>
      )}
      {showsOptions && (
        <Suspense>
          <LetterOptions options={options} onChange={setOptions} />
        </Suspense>
      )}
      <div className="composer-line">
        <Button
          look="icon"
          aria-label={t("composer.attach")}
          onPress={() => picker.current?.click()}
        >
          <Icon name="attach" />
        </Button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            onFiles([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        <Button
          look="icon"
          aria-label={t("composer.options")}
          aria-expanded={showsOptions}
          onPress={() => setShowsOptions(!showsOptions)}
        >
          <Icon name="options" />
        </Button>
        <textarea
          ref={ref}
          dir="auto"
          rows={1}
          aria-label={t("composer.label", { name })}
          placeholder={t("composer.label", { name })}
          enterKeyHint={sendsByEnter ? "send" : "enter"}
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <Button type="submit" look="primary" className="composer-send" isDisabled={!canSend}>
          <Icon name="send" />
          <span>{t("composer.send")}</span>
        </Button>
      </div>
    </form>
  );
}
