// Loads the page anew when what is served has changed; a page from disk has no version.
"use strict";

(async () => {
  const { version } = document.body.dataset;
  const live = document.getElementById("live");
  while (version) {
    try {
      const answer = await fetch(`wait?version=${version}`);
      if (!answer.ok) throw new Error(String(answer.status));
      if ((await answer.json()).changed) {
        live.textContent = live.dataset.reload;
        location.reload();
        return;
      }
    } catch {
      live.textContent = live.dataset.gone;
      return;
    }
  }
})();
