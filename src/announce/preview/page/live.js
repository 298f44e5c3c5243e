// Loads the page anew when what is served has changed; a page from disk has no version.
"use strict";

(async () => {
  const { version } = document.body.dataset;
  const live = document.getElementById("live");
  let leaving = false;
  // The answer to a form is the next page: loading this one anew would take its place.
  document.addEventListener("submit", (event) => { leaving = event.target.method === "post"; });
  while (version) {
    try {
      const answer = await fetch(`wait?version=${version}`);
      if (!answer.ok) throw new Error(String(answer.status));
      if ((await answer.json()).changed) {
        if (leaving) return;
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
