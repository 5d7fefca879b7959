// First, because it puts the layers of all style sheets in order.
import "./app/tokens.css";
import "./app/base.css";

import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { preferredLanguage, speak } from "./lib/language";
import { currentTheme, paintBrowserBar } from "./lib/theme";

paintBrowserBar(currentTheme());
speak(preferredLanguage())
  .catch(() => speak("en"))
  .then(() => {
    const root = document.getElementById("root");
    if (root) createRoot(root).render(<App />);
  });
