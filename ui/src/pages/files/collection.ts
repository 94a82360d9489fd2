import type { BuoyState } from "../../components/buoy";
import type { Collection } from "../../platform/types";

/** The glyph of a collection: whether something can be done with it now. */
export function collectionBuoy(collection: Collection): BuoyState {
  if (collection.paused) return "paused";
  return collection.online === false ? "offline" : "online";
}
