import type { MenuEntry } from "../../components/menu";
import { t } from "../../i18n/i18n.svelte";
import type { Pane } from "../../stores/pane.svelte";
import type { PaneDoing } from "./doing.svelte";

/** What can be done with what is selected, as the context menu. */
export function paneMenu(pane: Pane, doing: PaneDoing, transfer: () => void): MenuEntry[] {
  const [one] = pane.selectedEntries;
  const none = pane.selected.size === 0;
  const other = doing.files.pane(doing.files.other(doing.side)).collection;
  const open = one?.kind === "folder" && pane.selected.size === 1 ? one : undefined;
  return [
    ...(open
      ? [{ label: t("files.open"), icon: "folder" as const, keys: "↵", run: () => void pane.enter(open) }]
      : []),
    {
      label: other ? t("files.sendTo", { place: other.name }) : t("files.send"),
      icon: doing.side === "left" ? "arrow-right" : "arrow-left",
      keys: "Ctrl+↵",
      disabled: !doing.files.canTransfer(doing.side),
      run: transfer,
    },
    "---",
    { label: t("files.newFolder"), icon: "plus", keys: "Ctrl+Shift+N", run: () => doing.newFolder() },
    {
      label: t("files.rename"),
      icon: "pencil",
      keys: "F2",
      disabled: pane.selected.size !== 1 || !pane.canRename,
      run: () => doing.rename(),
    },
    { label: t("files.copyPath"), icon: "copy", run: () => void doing.copyPath() },
    "---",
    {
      label: t("files.delete"),
      icon: "trash",
      keys: t("key.delete"),
      danger: true,
      disabled: none,
      run: () => doing.askDelete(),
    },
  ];
}
