import type { IconName } from "./icons";

/** One line of a menu. */
export interface MenuItem {
  label: string;
  run: () => void;
  icon?: IconName;
  /** The key that does the same. */
  keys?: string;
  disabled?: boolean;
  danger?: boolean;
  checked?: boolean;
}

export type MenuEntry = MenuItem | "---";
