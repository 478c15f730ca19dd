/* The other language without losing anything: all is saved first, the place is kept, then the page is drawn anew. */

export function languageSwitch({ form, csrf, ready, refused }) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await ready())) {
      refused();
      return;
    }
    const fields = new URLSearchParams(new FormData(form));
    fields.set("csrf_token", csrf()); // who has signed in again in place has another than the form was drawn with
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect") location.reload();
      else refused();
    } catch {
      refused();
    }
  });
}
