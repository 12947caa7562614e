import { useSyncExternalStore } from "react";
import { useI18n } from "../i18n/I18n";
import { Icon } from "../ui/Icon";
import "./banner.css";

function subscribe(listener: () => void): () => void {
  globalThis.addEventListener("online", listener);
  globalThis.addEventListener("offline", listener);
  return () => {
    globalThis.removeEventListener("online", listener);
    globalThis.removeEventListener("offline", listener);
  };
}

export function OfflineBanner() {
  const { t } = useI18n();
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {!isOnline && (
        <p className="banner">
          <Icon name="offline" />
          {t("offline.banner")}
        </p>
      )}
    </div>
  );
}
