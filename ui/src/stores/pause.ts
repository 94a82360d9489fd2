/** How long a pause lasts that the menu offers. */
export type PauseSpan = "half_hour" | "two_hours" | "tomorrow";

/** When a pause that begins now ends by itself. Tomorrow begins at seven, as in the tray. */
export function pauseEnd(span: PauseSpan, now: Date): Date {
  const end = new Date(now);
  switch (span) {
    case "half_hour":
      end.setMinutes(end.getMinutes() + 30);
      return end;
    case "two_hours":
      end.setHours(end.getHours() + 2);
      return end;
    case "tomorrow":
      end.setDate(end.getDate() + 1);
      end.setHours(7, 0, 0, 0);
      return end;
  }
}
