// Makes pages that work without it a little handier. It sends nothing anywhere, and asks this
// server only for the page that is shown already.
(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remembered = (key, value) => {
    // Private windows may refuse to remember; then nothing is remembered.
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      return null;
    }
    return value;
  };

  // Light or dark: as the system has it, until somebody chooses.
  const root = document.documentElement;
  const chosen = remembered("theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  for (const button of all("[data-theme-switch]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const isDark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      remembered("theme", root.dataset.theme);
    });
  }

  for (const element of all("[data-with-script]")) element.hidden = false;

  // Work under way: the same page again, its words put in place, until it says that it is done.
  const again = document.querySelector("[data-again]");
  const ask = async () => {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
      const next = page.querySelector("[data-again]");
      if (!next) return location.reload();
      again.replaceChildren(...next.childNodes);
    } catch {
      // The server may be on its way up again.
    }
    setTimeout(ask, 1000 * again.dataset.again);
  };
  if (again) setTimeout(ask, 1000 * again.dataset.again);

  // Copying a field's text.
  for (const button of all("[data-copy]")) {
    button.hidden = false;
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        // Clipboards need a secure page; the older way does not.
        document.execCommand("copy");
      }
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }

  // A list on the page, filtered as words are typed.
  for (const field of all("[data-filter]")) {
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/);
      for (const item of all("[data-item]")) {
        const text = item.textContent.toLowerCase();
        item.hidden = !words.every((word) => text.includes(word));
      }
    });
  }

  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Files that are dropped go into the field that is there for them.
  for (const box of all("[data-drop]")) {
    const input = box.querySelector("input[type=file]");
    const said = box.querySelector("[data-chosen]");
    const tell = () => { said.textContent = [...input.files].map((file) => file.name).join(", "); };
    input.addEventListener("change", tell);
    for (const kind of ["dragenter", "dragover"]) {
      box.addEventListener(kind, (event) => { event.preventDefault(); box.classList.add("over"); });
    }
    for (const kind of ["dragleave", "drop"]) {
      box.addEventListener(kind, () => box.classList.remove("over"));
    }
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      const chosen = new DataTransfer();
      const files = [...event.dataTransfer.files];
      for (const file of input.multiple ? files : files.slice(0, 1)) chosen.items.add(file);
      input.files = chosen.files;
      tell();
    });
  }
  if (document.querySelector("[data-drop]")) {
    // A file dropped beside the field must not replace the page.
    for (const kind of ["dragover", "drop"]) {
      document.addEventListener(kind, (event) => event.preventDefault());
    }
  }

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) event.preventDefault();
    else if (event.target.method === "post") event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of all("form")) delete form.dataset.sent;
  });

  // Keys: j and k go through what is listed, / to the search, marked keys press their button.
  const items = () => all("[data-main]").filter((link) => !link.closest("[hidden]"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.target;
    if (at.closest("input:not([type=radio]):not([type=checkbox]), textarea, select")) return;
    const pressed = all("[data-key]").find((element) => element.dataset.key === event.key);
    if (pressed) {
      event.preventDefault();
      pressed.click();
    } else if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      event.preventDefault();
      if (field) field.focus();
      else location.href = "/";
    } else if (event.key === "j" || event.key === "k") {
      const links = items();
      if (!links.length) return;
      const here = links.findIndex((link) => (link.closest("[data-item]") ?? link).contains(at));
      const next = event.key === "j" ? here + 1 : Math.max(here, 1) - 1;
      const link = links[Math.min(next, links.length - 1)];
      event.preventDefault();
      link.focus();
      link.scrollIntoView({ block: "nearest" });
    }
  });
})();
