/* Rows of the list: those that unfold, and those that are ticked to act on several people. */
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-unfold]");
    if (!button) return;
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    const row = document.getElementById(button.dataset.unfold);
    if (row && "loaded" in row.dataset) row.hidden = !open;
  });

  /* -- ticking: one box, a span with shift, the page, all who match; x ticks the row one is in ------- */
  let last = null;
  const boxes = () => [...document.querySelectorAll("input.tick[name=who]")];
  const bar = () => document.getElementById("act");

  function tell() {
    const form = bar();
    if (!form) return;
    const all = boxes();
    const ticked = all.filter((box) => box.checked).length;
    const everybody = form.elements.all.checked;
    const short = document.getElementById("_count")?.dataset.short;
    form.querySelector("[data-all-count]").textContent = short ? `(${short})` : "";
    form.classList.toggle("is-open", ticked > 0 || everybody);
    form.querySelector("[data-tick-count]").textContent = everybody ? short ?? "" : String(ticked);
    const words = form.querySelector(".acts-words");
    words.textContent = ticked === 1 && !everybody ? words.dataset.one : words.dataset.many;
    const page = document.querySelector("[data-tick-all]");
    if (page) { page.checked = ticked === all.length; page.indeterminate = ticked > 0 && ticked < all.length; }
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest("input.tick[name=who]");
    if (!box) return;
    const all = boxes();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      all.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = box;
    if (!box.checked) bar().elements.all.checked = false;
    tell();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("#act [name=all]") && event.target.checked) boxes().forEach((box) => { box.checked = true; });
    if (event.target.matches("[data-tick-all]") && !event.target.checked) bar().elements.all.checked = false;
    if (event.target.matches("[data-tick-all], #act [name=all]")) tell();
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id !== "act") return;
    setTimeout(() => { boxes().forEach((box) => { box.checked = false; }); tell(); });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    document.querySelector("[data-row].is-here input.tick")?.click();
  });
  document.addEventListener("keydown", (event) => { /* Enter in a field of the bar does what its menu is for */
    if (event.key !== "Enter" || !event.target.matches("#act .menu-panel input")) return;
    event.preventDefault();
    event.target.closest(".menu-panel").querySelector("button[name=act]").click();
  });
  document.addEventListener("htmx:afterSwap", tell);
  window.addEventListener("pageshow", tell);
})();
