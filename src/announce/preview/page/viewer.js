// One message as its reader sees it, in frames without rights.
"use strict";

announce.viewer = {
  view: "phone",
  entry: null,
  turn: 0,

  // A served page is loaded anew after each edit, and stays at the view that was chosen.
  remember(view) {
    if (document.body.dataset.version) sessionStorage.setItem("view", view);
  },

  recall() {
    if (document.body.dataset.version) this.view = sessionStorage.getItem("view") ?? this.view;
  },

  async show(entry) {
    const { make } = announce;
    const turn = ++this.turn;
    this.entry = entry;
    const place = document.getElementById("viewer");
    if (!entry.number) {
      const reason = announce.reasons[entry.reason] ?? entry.reason;
      place.replaceChildren(make("h3", {}, entry.subject || entry.key),
        make("p", {}, announce.say("skipped", { reason })));
      return;
    }
    try {
      const message = await announce.messageOf(entry.number);
      if (turn === this.turn) place.replaceChildren(...this.parts(entry, message));
    } catch (error) {
      if (turn === this.turn) place.replaceChildren(make("p", { class: "doubt" }, error.message));
    }
  },

  parts(entry, message) {
    const views = this.views(message);
    if (!views.includes(this.view)) this.view = views[0];
    const shown = announce.make("div", { id: "shown", role: "tabpanel", tabindex: "-1" });
    const tabs = this.tabs(views, () => this.fill(shown, entry, message));
    this.fill(shown, entry, message);
    return [this.head(entry, message), tabs, shown];
  },

  views(message) {
    if (message.kind === "mail") {
      return ["phone", "desktop", "dark", "inverted", "text", "beside", "headers"];
    }
    return [message.kind === "article" ? "page" : "card", "beside"];
  },

  head(entry, message) {
    const { make } = announce;
    const facts = [
      [announce.say("key"), entry.key === entry.to ? "" : entry.key], ...message.facts,
      [announce.say("variant"), entry.variant],
      [announce.say("language"), announce.languages[entry.language]],
      [announce.say("state"), announce.states[entry.state]],
      [announce.say("blank"), entry.empty.join(", ")],
    ];
    const list = make("dl", { class: "facts" });
    for (const [name, value] of facts) {
      if (value) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    }
    const link = message.kind === "mail"
      ? make("a", { href: message.file }, announce.say("file"))
      : make("a", { href: message.page }, announce.say("alone"));
    const doubts = entry.doubts.map((at) =>
      make("p", { class: "doubt" }, announce.problems[at]));
    return make("header", {}, make("h3", {}, message.subject), list, ...doubts,
      make("p", {}, link));
  },

  tabs(views, changed) {
    const { make } = announce;
    const bar = make("div", { class: "tabs", role: "tablist",
      "aria-label": announce.say("views") });
    const choose = (view, focus) => {
      this.view = view;
      this.remember(view);
      for (const tab of bar.children) {
        const here = tab.dataset.view === view;
        tab.setAttribute("aria-selected", here);
        tab.tabIndex = here ? 0 : -1;
        if (here && focus) tab.focus();
      }
      changed();
    };
    views.forEach((view, at) => {
      const tab = make("button", { type: "button", role: "tab", "data-view": view,
        "aria-selected": view === this.view ? "true" : "false", "aria-controls": "shown",
        tabindex: view === this.view ? "0" : "-1" }, announce.say(view));
      tab.addEventListener("click", () => choose(view, false));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.stopPropagation();
        choose(views[(at + step + views.length) % views.length], true);
      });
      bar.append(tab);
    });
    return bar;
  },

  async fill(place, entry, message) {
    const { make } = announce;
    const turn = this.turn, { view } = this;
    const made = view === "beside" ? await announce.beside.build(entry, message)
      : this.made(view, message);
    if (turn !== this.turn || view !== this.view) return;
    const note = announce.texts[`${view}Note`];
    place.setAttribute("aria-label", announce.say(view));
    place.replaceChildren(...(note ? [make("p", { class: "muted" }, note)] : []), made);
  },

  made(view, message) {
    const { make } = announce;
    if (view === "text" || view === "headers") {
      return make("pre", { class: "text", tabindex: "0" }, message[view]);
    }
    if (view === "page" || view === "card") {
      // A page of ours, which has its message in frames without rights itself.
      return make("iframe", { class: "whole", title: announce.say(view), src: message.page });
    }
    const mode = { dark: "dark", inverted: "inverted" }[view] ?? "light";
    const kind = view === "desktop" ? "desktop" : "phone";
    const frame = make("iframe", { sandbox: true, title: announce.say(view) });
    frame.setAttribute("sandbox", "");
    frame.srcdoc = announce.colours.page(message.html, message.pictures, mode);
    return make("div", { class: `device ${kind} ${mode}` },
      make("p", { class: "bar" }, message.subject), frame);
  },
};
