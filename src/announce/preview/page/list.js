// The list: thousands of lines of which only those in sight stand in the page.
"use strict";

announce.table = {
  HEIGHT: 60,
  SPARE: 6,
  shown: [],
  chosen: -1,

  begin(place) {
    this.place = place;
    this.space = announce.make("div", { class: "space", role: "presentation" });
    place.append(this.space);
    place.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()));
    new ResizeObserver(() => this.draw()).observe(place);
    place.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.choose(Number(line.dataset.at));
    });
    for (const row of announce.rows) {
      row.words = [row.key, row.to, row.name, row.subject].join("\n").toLowerCase();
    }
  },

  // Which lines a filter lets through; the one that was chosen stays so if it is among them.
  filter(wanted, text) {
    const was = this.shown[this.chosen];
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = announce.rows.filter((row) =>
      wanted(row) && words.every((word) => row.words.includes(word)));
    this.chosen = this.shown.indexOf(was);
    this.space.style.height = `${this.shown.length * this.HEIGHT}px`;
    this.draw();
  },

  draw() {
    const { place, HEIGHT } = this;
    const first = Math.max(0, Math.floor(place.scrollTop / HEIGHT) - this.SPARE);
    const last = Math.min(this.shown.length,
      Math.ceil((place.scrollTop + place.clientHeight) / HEIGHT) + this.SPARE);
    const lines = [];
    for (let at = first; at < last; at += 1) lines.push(this.line(at));
    this.space.replaceChildren(...lines);
    const id = this.chosen >= first && this.chosen < last ? `line-${this.chosen}` : "";
    if (id) place.setAttribute("aria-activedescendant", id);
    else place.removeAttribute("aria-activedescendant");
  },

  line(at) {
    const { make } = announce;
    const row = this.shown[at];
    const state = row.state === "planned" ? "" : announce.states[row.state];
    const marks = [announce.languages[row.language], row.variant, state].filter(Boolean);
    const line = make("div", { role: "option", id: `line-${at}`, "data-at": String(at),
      class: row.doubts.length ? "doubt" : "", "aria-setsize": String(this.shown.length),
      "aria-posinset": String(at + 1), "aria-selected": at === this.chosen ? "true" : "false" },
    make("span", { class: "who" }, this.who(row)),
    make("span", { class: "marks" }, marks.join(" · ")),
    make("span", { class: "what" }, row.subject || announce.reasons[row.reason] || row.key));
    line.style.transform = `translateY(${at * this.HEIGHT}px)`;
    return line;
  },

  who(row) {
    if (row.channel === "wechat") return announce.channels.wechat;
    return row.name || row.to || row.key;
  },

  choose(at) {
    if (!this.shown.length) return;
    this.chosen = Math.min(Math.max(at, 0), this.shown.length - 1);
    const top = this.chosen * this.HEIGHT, { place } = this;
    if (top < place.scrollTop) place.scrollTop = top;
    const below = top + this.HEIGHT - place.clientHeight;
    if (below > place.scrollTop) place.scrollTop = below;
    this.draw();
    this.opened(this.shown[this.chosen]);
  },

  chooseRow(row) {
    const at = this.shown.indexOf(row);
    if (at >= 0) this.choose(at);
  },

  // All of it, for paper.
  printed() {
    const { make } = announce;
    const cells = (row) => [this.who(row), row.to, announce.languages[row.language],
      announce.states[row.state], row.subject || announce.reasons[row.reason] || ""];
    const heads = ["key", "to", "language", "state", "subject"].map((one) => announce.say(one));
    return make("table", {}, make("thead", {}, make("tr", {},
      ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...this.shown.map((row) =>
      make("tr", {}, ...cells(row).map((cell) => make("td", {}, cell))))));
  },
};
