// @ts-check
// Runs before the first paint: a classic script, because modules wait for the document.
(() => {
  let choice = "system";
  try {
    choice = localStorage.getItem("meshcam.theme") ?? "system";
  } catch {
    // Storage may be blocked; the system's theme is right then.
  }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
