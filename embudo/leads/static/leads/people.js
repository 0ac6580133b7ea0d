/* Rows of the list that unfold: htmx loads the facts once, afterwards the button shows and hides them. */
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-unfold]");
    if (!button) return;
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    const row = document.getElementById(button.dataset.unfold);
    if (row && "loaded" in row.dataset) row.hidden = !open;
  });
})();
