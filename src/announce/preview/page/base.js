// What the data files call, and how they are loaded: from disk, a script is all that can be.
"use strict";

const announce = {
  FIELDS: ["number", "key", "to", "name", "language", "variant", "channel", "state", "reason",
    "subject", "kind", "length", "doubts", "empty"],
  rows: [],
  known: { messages: new Map(), pictures: new Map() },

  list(_number, rows) {
    for (const row of rows) {
      const entry = { position: this.rows.length };
      this.FIELDS.forEach((name, at) => { entry[name] = row[at]; });
      this.rows.push(entry);
    }
  },
  words(_number, words) { Object.assign(this, words); },
  message(number, message) { this.known.messages.set(number, message); },
  picture(name, address) { this.known.pictures.set(name, address); },

  say(name, values = {}) {
    return this.texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  },

  load(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = name;
      script.onload = () => { script.remove(); resolve(); };
      script.onerror = () => { script.remove(); reject(new Error(this.say("cannot", { name }))); };
      document.head.append(script);
    });
  },

  async wanted(store, name, file) {
    if (!store.has(name)) await this.load(file);
    return store.get(name);
  },

  // A message with the data address of each of its pictures.
  async messageOf(number) {
    const file = `data/messages/${String(number).padStart(4, "0")}.js`;
    const message = await this.wanted(this.known.messages, number, file);
    await Promise.all(Object.values(message.pictures).map((name) =>
      this.wanted(this.known.pictures, name, `data/pictures/${name}.js`)));
    return message;
  },

  // An element: attributes by name, then what stands in it.
  make(tag, attributes = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== false && value !== "") made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...inside.filter((one) => one !== null && one !== ""));
    return made;
  },
};
