// Search, filters, jumps and the keyboard.
"use strict";

announce.main = {
  begin() {
    this.search = document.getElementById("search");
    this.list = document.getElementById("list");
    announce.table.opened = (row) => this.opened(row);
    announce.table.begin(this.list);
    this.selects = [...document.querySelectorAll("[data-filter]")];
    this.fillFilters();
    this.search.addEventListener("input", () => this.refresh());
    for (const one of this.selects) one.addEventListener("change", () => this.refresh());
    document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
    this.buttons();
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeprint", () => this.print());
    this.refresh();
    announce.viewer.recall();
    this.openAsked();
  },

  fillFilters() {
    const names = { language: announce.languages, channel: announce.channels,
      state: announce.states };
    for (const select of this.selects) {
      const { filter } = select.dataset;
      const options = this.options(filter, names[filter] ?? {});
      for (const [value, name] of options) select.add(new Option(name, value));
      select.parentElement.hidden = options.length < (filter === "marks" ? 1 : 2);
    }
  },

  options(filter, names) {
    if (filter === "marks") {
      const found = [];
      if (announce.rows.some((row) => row.doubts.length)) found.push(["doubts"]);
      if (announce.rows.some((row) => row.empty.length)) found.push(["blanks"]);
      return found.map(([value]) => [value, announce.say(value)]);
    }
    if (filter === "kind") {
      return announce.kinds.map((kind, at) =>
        [String(at), `${announce.say("kind", { n: at + 1 })} (${kind.count}) ${kind.subject}`]);
    }
    const values = [...new Set(announce.rows.map((row) => row[filter]))].filter(Boolean).sort();
    return values.map((value) => [value, names[value] ?? value]);
  },

  refresh() {
    const wanted = this.selects.filter((one) => one.value)
      .map((one) => [one.dataset.filter, one.value]);
    const fits = (row) => wanted.every(([filter, value]) =>
      filter === "marks" ? (value === "doubts" ? row.doubts : row.empty).length > 0
        : String(row[filter]) === value);
    announce.table.filter(fits, this.search.value);
    const shown = announce.table.shown.length;
    document.getElementById("count").textContent = shown
      ? announce.say("count", { shown, all: announce.rows.length }) : announce.say("none");
  },

  clear() {
    this.search.value = "";
    for (const one of this.selects) one.value = "";
    this.refresh();
  },

  buttons() {
    const on = (name, act) => document.getElementById(name).addEventListener("click", act);
    on("random", () => this.random());
    on("longest", () => this.longest());
    on("empty", () => this.nextEmpty());
    on("clear", () => this.clear());
    on("ask", () => document.getElementById("help").showModal());
    for (const card of document.querySelectorAll("[data-kind]")) {
      card.addEventListener("click", () => {
        this.clear();
        this.goTo(Number(card.dataset.first));
        document.getElementById("messages").scrollIntoView();
      });
    }
  },

  goTo(number) {
    const row = announce.rows.find((one) => one.number === number);
    if (row && !announce.table.shown.includes(row)) this.clear();
    if (row) announce.table.chooseRow(row);
  },

  random() {
    const { shown } = announce.table;
    announce.table.choose(Math.floor(Math.random() * shown.length));
  },

  longest() {
    const { shown } = announce.table;
    const longest = shown.reduce((one, two) => (two.length > one.length ? two : one), shown[0]);
    if (longest) announce.table.chooseRow(longest);
  },

  nextEmpty() {
    const { shown, chosen } = announce.table;
    const after = [...shown.slice(chosen + 1), ...shown.slice(0, chosen + 1)];
    const found = after.find((row) => row.number && row.empty.length);
    if (found) announce.table.chooseRow(found);
    else document.getElementById("count").textContent = announce.say("noBlanks");
  },

  opened(row) {
    announce.viewer.show(row);
    if (row.number) history.replaceState(null, "", `#m=${row.number}`);
  },

  openAsked() {
    const asked = /^#m=(\d+)$/.exec(location.hash);
    if (asked) this.goTo(Number(asked[1]));
    else if (announce.table.shown.length) {
      const row = announce.table.shown.find((one) => one.number);
      if (row) announce.viewer.show(row), announce.table.chosen = announce.table.shown.indexOf(row);
      announce.table.draw();
    }
  },

  key(event) {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key === "Escape" && event.target === this.search) this.list.focus();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inList = event.target === this.list || event.target === document.body;
    const step = this.step(event.key, inList, event.target);
    if (step !== null) announce.table.choose(step);
    else if (event.key === "/") this.search.focus();
    else if (event.key === "?") document.getElementById("help").showModal();
    else if (event.key === "r") this.random();
    else if (event.key === "Escape") this.list.focus();
    else if (/^[1-7]$/.test(event.key)) {
      document.querySelectorAll("#viewer [role=tab]")[Number(event.key) - 1]?.click();
    } else return;
    event.preventDefault();
  },

  // Arrows scroll the page where the list is not what the keys are for.
  step(key, inList, target) {
    const { chosen, shown } = announce.table;
    if (key === "j" || (inList && key === "ArrowDown")) return chosen + 1;
    if (key === "k" || (inList && key === "ArrowUp")) return chosen - 1;
    if (target !== this.list) return null;
    return { Home: 0, End: shown.length - 1, PageDown: chosen + 8, PageUp: chosen - 8 }[key] ?? null;
  },

  print() {
    document.getElementById("printed").replaceChildren(announce.table.printed());
  },
};

announce.main.begin();
