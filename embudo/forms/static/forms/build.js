/* Dragging fields into an order; the buttons beside each field do the same by keyboard. */
(() => {
  const list = document.querySelector("[data-sortable]");
  if (!list || !window.Sortable) return;
  const form = document.getElementById(list.dataset.sortable);
  window.Sortable.create(list, {
    handle: "[data-handle]", animation: 120, ghostClass: "build-ghost",
    onEnd: (event) => {
      if (event.oldIndex === event.newIndex) return;
      form.elements.order.value = [...list.children].map((row) => row.dataset.id).join(",");
      form.requestSubmit();
    },
  });
})();
