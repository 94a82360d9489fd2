import { fireEvent, render, screen } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { describe, expect, test, vi } from "vitest";
import { show } from "../../tests/show";
import Breadcrumbs from "./Breadcrumbs.svelte";
import Buoy from "./Buoy.svelte";
import Choice from "./Choice.svelte";
import Confirm from "./Confirm.svelte";
import Menu from "./Menu.svelte";
import PauseControl from "./PauseControl.svelte";
import ProblemBox from "./ProblemBox.svelte";
import ProgressBar from "./ProgressBar.svelte";
import Switch from "./Switch.svelte";
import TextField from "./TextField.svelte";
import Toasts from "./Toasts.svelte";
import VirtualList from "./VirtualList.svelte";
import type { Problem } from "../platform/types";
import type { BuoyState } from "./buoy";
import { curve } from "./curve";
import { tip } from "./tip";

const text = (words: string) => createRawSnippet(() => ({ render: () => `<p>${words}</p>` }));

describe("a problem box", () => {
  const problem: Problem = { code: "HUB_UNREACHABLE", args: { hub: "h", reason: "no route" }, message: "" };

  test("says what happened, what to do, and has one button", async () => {
    const { app } = await show(ProblemBox, { problem });
    const box = screen.getByRole("alert");
    expect(box).toHaveTextContent("The hub h cannot be reached: no route.");
    expect(box).toHaveTextContent("Outport keeps trying.");
    await fireEvent.click(screen.getByRole("button", { name: "Check connection" }));
    expect(app.router.panel).toBe("check");
  });

  test("of a network that wants a sign-in opens its page in the browser", async () => {
    const args = { host: "hub.alliance.example", address: "http://hub.alliance.example/" };
    const problem: Problem = { code: "NETWORK_SIGN_IN", args, message: "" };
    const { fake } = await show(ProblemBox, { problem });
    expect(screen.getByRole("alert")).toHaveTextContent("signed in to it in a browser.");
    await fireEvent.click(screen.getByRole("button", { name: "Open the browser" }));
    expect(fake.calls.at(-1)).toEqual(["openUrl", "http://hub.alliance.example/"]);
  });

  test("is copied with its code", async () => {
    const { fake, app } = await show(ProblemBox, { problem });
    await fireEvent.click(screen.getByRole("button", { name: "Copy error" }));
    expect(fake.calls.at(-1)?.[1]).toMatch(/cannot be reached.*\[HUB_UNREACHABLE\]$/);
    await vi.waitFor(() => expect(app.toasts.list[0]?.text).toBe("The error is copied."));
  });

  test("asks again where the problem names nothing better", async () => {
    const retry = vi.fn();
    await show(ProblemBox, {
      problem: {
        code: "EXISTS",
        args: { path: "/a", endpoint: "x#y" },
        message: "",
      } satisfies Problem as Problem,
      retry,
    });
    await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

describe("a menu", () => {
  const run = vi.fn();
  const onclose = vi.fn();
  const items = [
    { label: "First", run },
    "---" as const,
    { label: "Off", run, disabled: true },
    { label: "Last", run, checked: true },
  ];

  test("moves by keys over what can be chosen and closes on Escape", async () => {
    render(Menu, { label: "Things", items, at: { x: 0, y: 0 }, onclose });
    const menu = screen.getByRole("menu", { name: "Things" });
    expect(screen.getByRole("menuitem", { name: "First" })).toHaveFocus();
    await fireEvent.keyDown(menu, { key: "ArrowDown" });
    expect(screen.getByRole("menuitemradio", { name: "Last" })).toHaveFocus();
    await fireEvent.keyDown(menu, { key: "ArrowDown" });
    expect(screen.getByRole("menuitem", { name: "First" })).toHaveFocus();
    await fireEvent.keyDown(menu, { key: "End" });
    expect(screen.getByRole("menuitemradio", { name: "Last" })).toHaveFocus();
    await fireEvent.keyDown(menu, { key: "Escape" });
    expect(onclose).toHaveBeenCalledOnce();
  });

  test("closes before it does what was chosen, and when something else is pressed", async () => {
    onclose.mockClear();
    render(Menu, { label: "Things", items, at: { x: 0, y: 0 }, onclose });
    await fireEvent.click(screen.getByRole("menuitem", { name: "First" }));
    expect(onclose.mock.invocationCallOrder[0]).toBeLessThan(run.mock.invocationCallOrder[0] ?? 0);
    await fireEvent.pointerDown(document.body);
    expect(onclose).toHaveBeenCalledTimes(2);
  });
});

describe("controls", () => {
  test("a choice is one tab stop and moves by arrows", async () => {
    const onchange = vi.fn();
    const options = ["a", "b", "c"].map((value) => ({ value, label: value.toUpperCase() }));
    render(Choice, { label: "Which", value: "a", options, onchange });
    const [first, second] = screen.getAllByRole("radio");
    expect([first?.tabIndex, second?.tabIndex]).toEqual([0, -1]);
    await fireEvent.keyDown(screen.getByRole("radiogroup"), { key: "ArrowLeft" });
    await fireEvent.keyDown(screen.getByRole("radiogroup"), { key: "ArrowRight" });
    expect(onchange.mock.calls).toEqual([["c"], ["b"]]);
  });

  test("a switch says its state and its hint", async () => {
    const onchange = vi.fn();
    render(Switch, { label: "Pause", hint: "On battery", checked: false, onchange });
    const button = screen.getByRole("switch", { name: "Pause", description: "On battery" });
    expect(button).toHaveAttribute("aria-checked", "false");
    await fireEvent.click(button);
    expect(onchange).toHaveBeenCalledWith(true);
  });

  test("a field says what is wrong with it", () => {
    render(TextField, { label: "Name", value: "a/b", wrong: "No slash" });
    expect(screen.getByRole("textbox", { name: "Name", description: "No slash" })).toBeInvalid();
  });

  test("a bar has a value only while the whole is known", () => {
    const { rerender } = render(ProgressBar, { share: 0.689, label: "Copy" });
    expect(screen.getByRole("progressbar", { name: "Copy" })).toHaveAttribute("aria-valuenow", "68");
    void rerender({ share: null, label: "Copy" }).then(() => {
      expect(screen.getByRole("progressbar")).not.toHaveAttribute("aria-valuenow");
    });
  });

  test("a tooltip comes with the focus and goes with it", () => {
    const button = document.body.appendChild(document.createElement("button"));
    const end = tip("Up (Alt+↑)")(button);
    vi.spyOn(button, "matches").mockReturnValue(true);
    button.dispatchEvent(new Event("focus"));
    expect(document.querySelector(".tip")).toHaveTextContent("Up (Alt+↑)");
    button.dispatchEvent(new Event("blur"));
    expect(document.querySelector(".tip")).toBeNull();
    if (end) end();
    button.remove();
  });
});

describe("what is told apart", () => {
  test("no two states share a shape", () => {
    const states: BuoyState[] = [
      "offline",
      "connecting",
      "online",
      "transferring",
      "paused",
      "attention",
      "error",
      "done",
      "waiting",
    ];
    const shapes = states.map((state) => {
      const { container, unmount } = render(Buoy, { state });
      const shape = [...container.querySelectorAll("svg > *")].map((part) => part.outerHTML).join();
      unmount();
      return shape;
    });
    expect(new Set(shapes).size).toBe(states.length);
  });
});

describe("a long list", () => {
  test("draws only what is in sight and says which rows that is", () => {
    const onsight = vi.fn();
    const row = createRawSnippet((index: () => number) => ({ render: () => `<span>row ${index()}</span>` }));
    const { container } = render(VirtualList, { count: 100_000, rowHeight: 28, row, onsight });
    expect(container.querySelectorAll(".slot").length).toBeLessThan(60);
    expect(onsight).toHaveBeenCalledWith(0, expect.any(Number));
  });
});

describe("breadcrumbs", () => {
  test("fold the middle of a long path and lead everywhere else", async () => {
    const onopen = vi.fn();
    render(Breadcrumbs, { path: "/a/b/c/d/e/f/", onopen });
    await fireEvent.click(screen.getByRole("button", { name: "Top" }));
    await fireEvent.click(screen.getByRole("button", { name: "Up to /a/b/" }));
    await fireEvent.click(screen.getByRole("button", { name: "d" }));
    expect(onopen.mock.calls).toEqual([["/"], ["/a/b/"], ["/a/b/c/d/"]]);
    expect(screen.getByText("f")).toHaveAttribute("aria-current", "location");
  });
});

describe("a question that cannot be taken back", () => {
  test("has its focus on the safe answer", () => {
    render(Confirm, {
      title: "Delete?",
      confirm: "Delete",
      danger: true,
      onconfirm: vi.fn(),
      oncancel: vi.fn(),
      children: text("Gone."),
    });
    expect(screen.getByRole("button", { name: "Cancel" })).toHaveFocus();
  });
});

describe("pausing", () => {
  test("offers spans, and to go on while paused", async () => {
    const { fake } = await show(PauseControl, {});
    await fireEvent.click(screen.getByRole("button", { name: "Pause" }));
    expect(screen.getAllByRole("menuitem").map((item) => item.textContent?.trim())).toEqual([
      "30 minutes",
      "2 hours",
      expect.stringMatching(/^Until tomorrow, 7:00/),
      "Until resumed",
    ]);
    await fireEvent.click(screen.getByRole("menuitem", { name: "Until resumed" }));
    await fireEvent.click(await screen.findByRole("button", { name: "Resume" }));
    expect(fake.calls.slice(-2)).toEqual([["pause", null], ["resume"]]);
  });
});

describe("toasts", () => {
  test("are told to screen readers and lead on", async () => {
    const { app } = await show(Toasts, {});
    const run = vi.fn();
    app.toasts.say("On its way.", { label: "Watch", run });
    await fireEvent.click(await screen.findByRole("button", { name: "Watch" }));
    expect(run).toHaveBeenCalledOnce();
    expect(screen.getByRole("region", { name: "Messages" })).toHaveAttribute("aria-live", "polite");
    expect(app.toasts.list).toEqual([]);
  });
});

describe("the speed line", () => {
  const field = { start: 0, span: 1000_000, width: 100, height: 10, top: 10 };
  const at = (ms: number) => new Date(ms).toISOString();

  test("falls to the ground where nothing moved", () => {
    const { line } = curve(
      [
        { time: at(100_000), value: 5 },
        { time: at(115_000), value: 10 },
        { time: at(400_000), value: 5 },
      ],
      field,
    );
    expect(line).toBe("M10 10 L10 5 L11.5 0 L11.5 10 L40 10 L40 5 L40 10");
  });

  test("has no shape without points in its span", () => {
    expect(curve([{ time: at(-5), value: 1 }], field)).toEqual({ line: "", area: "" });
  });
});
