import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
} from "react-aria-components/Button";

export interface ButtonProps extends Omit<AriaButtonProps, "className"> {
  look?: "primary" | "plain" | "danger" | "link" | "icon";
  className?: string;
}

export function Button({ look = "plain", className = "", ...rest }: ButtonProps) {
  return <AriaButton {...rest} className={`button button-${look} ${className}`} />;
}
