/* Loaded in the head without defer: the chosen theme must stand before the first paint. */
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's preference holds.
  }
})();
