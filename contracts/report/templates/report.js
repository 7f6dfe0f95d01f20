// Not needed to read the page: scrolls timelines to what is wrong, copies shell commands, unfolds everything on paper.
for (const drawing of document.querySelectorAll(".drawing")) {
  const ring = drawing.querySelector(".ring");
  if (ring) drawing.scrollLeft = ring.getAttribute("x") - drawing.clientWidth / 2;
}
for (const pre of document.querySelectorAll("pre.shell")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  pre.before(button);
}
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const each of folded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of folded) each.open = false;
});
