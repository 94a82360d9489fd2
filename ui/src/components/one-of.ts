/** What a control needs that lets a person choose one of a few. */
export interface OneOf<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  disabled?: boolean;
  onchange: (value: T) => void;
}
