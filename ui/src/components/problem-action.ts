import { t } from "../i18n/i18n.svelte";
import type { Problem } from "../platform/types";
import type { App } from "../stores/app.svelte";

/** The one thing that helps most against a problem, if the window has it. */
export function actionFor(problem: Problem, app: App): { label: string; run: () => void } | undefined {
  switch (problem.code) {
    case "SIGNED_OUT":
      return { label: t("action.signIn"), run: () => app.router.go({ page: "settings" }) };
    case "NOT_SET_UP":
    case "ENDPOINT_REMOVED":
    case "KEY_UNKNOWN":
    case "KEY_REPLACED":
      return { label: t("action.setUp"), run: () => app.router.go({ page: "setup", hub: null, key: null }) };
    case "HUB_UNREACHABLE":
    case "HUB_UNTRUSTED":
    case "HUB_KEY_CHANGED":
    case "NO_ROUTE":
      return { label: t("action.check"), run: () => app.router.go({ page: "check" }) };
    case "NETWORK_SIGN_IN":
      return {
        label: t("action.networkSignIn"),
        run: () => void openPage(String(problem.args?.["address"] ?? ""), app),
      };
    case "BAD_PROXY":
    case "PROXY_UNREACHABLE":
    case "PROXY_NEEDS_LOGIN":
    case "PROXY_LOGIN_WRONG":
    case "PROXY_REFUSED":
    case "PROXY_LOGIN_UNAVAILABLE":
      return { label: t("action.proxy"), run: () => app.router.go({ page: "settings" }) };
    case "NOTHING_SHARED":
    case "NOT_SHARED":
    case "READ_ONLY":
    case "NO_DEFAULT_DIRECTORY":
    case "FOLDER_REMOVED":
    case "FOLDER_MISSING":
    case "FOLDER_REPLACED":
    case "FOLDER_UNREADABLE":
      return { label: t("action.folders"), run: () => app.router.go({ page: "folders" }) };
    case "AGENT_NOT_RUNNING":
      return { label: t("action.startAgent"), run: () => void startAgent(app) };
    case "BAD_CONFIG":
    case "STATE_UNUSABLE":
    case "INTERNAL":
      return { label: t("action.log"), run: () => app.router.go({ page: "log" }) };
    default:
      return undefined;
  }
}

async function openPage(address: string, app: App): Promise<void> {
  app.toasts.check(await app.platform.openUrl(address));
}

async function startAgent(app: App): Promise<void> {
  app.toasts.check(app.shell.take(await app.platform.retryAgent()));
}
