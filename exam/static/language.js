/* The other language without losing anything: all is saved first, the place is kept, then the page is drawn anew. */

export function languageSwitch({ form, ready, refused }) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await ready())) {
      refused();
      return;
    }
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect") location.reload();
      else refused();
    } catch {
      refused();
    }
  });
}
