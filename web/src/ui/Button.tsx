import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
} from "react-aria-components/Button";
import type { ReactNode } from "react";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
  look?: "primary" | "plain" | "danger" | "link" | "icon";
  className?: string;
  /** What it started is not done yet: it keeps the focus, but does nothing. */
  isPending?: boolean;
  children: ReactNode;
}

export function Button(props: ButtonProps) {
  const {
    look = "plain",
    className = "",
    isPending = false,
    type,
    onPress,
    children,
    ...rest
  } = props;
  const pending = isPending ? "button-pending" : "";
  return (
    <AriaButton
      {...rest}
      type={isPending ? "button" : (type ?? "button")}
      {...(isPending || onPress === undefined ? {} : { onPress })}
      className={`button button-${look} ${pending} ${className}`}
    >
      {isPending && <span className="spinner" aria-hidden="true" />}
      {isPending && look === "icon" ? null : children}
    </AriaButton>
  );
}
