/** What a glyph can say. */
export type BuoyState =
  | "offline"
  | "connecting"
  | "online"
  | "transferring"
  | "paused"
  | "attention"
  | "error"
  | "done"
  | "waiting";
