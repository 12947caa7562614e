import { Icon } from "./Icon";

/** The box of a checkbox; ui.css shows the tick where the box's owner is selected. */
export function CheckMark() {
  return (
    <span className="check-box" aria-hidden="true">
      <Icon name="check" size={18} />
    </span>
  );
}
