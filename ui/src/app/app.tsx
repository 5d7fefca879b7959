import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { statusOf } from "../api/problem";
import { Part } from "../components/part";
import { Toasts, UndoKey } from "../components/toast";
import { LoginPage } from "../features/auth/login-page";
import { ChatRoute } from "./chat-route";
import { NewsWatch } from "./news-watch";
import { NotFoundPage } from "./not-found-page";
import { Protected } from "./protected";
import { SessionWatch } from "./session-watch";
import { SettingsRoute } from "./settings-route";
import { Shell } from "./shell";

/** Where hardly anybody comes more than once. */
const RegisterPage = lazy(() => import("../features/auth/register-page"));
const ResetPage = lazy(() => import("../features/auth/reset-page"));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; only a lost connection is worth asking again.
      retry: (count, error) => statusOf(error) === null && count < 2,
      refetchOnWindowFocus: true,
    },
  },
});

export function App() {
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <BrowserRouter>
          <SessionWatch />
          <NewsWatch />
          <Part>
            <Routes>
              <Route path="/login" element={<LoginPage />} />
              <Route path="/register" element={<RegisterPage />} />
              <Route path="/reset" element={<ResetPage />} />
              <Route element={<Protected />}>
                <Route element={<Shell />}>
                  <Route index element={<ChatRoute />} />
                  <Route path="c/:projectId" element={<ChatRoute />} />
                  <Route path="settings" element={<SettingsRoute />} />
                  <Route path="*" element={<NotFoundPage />} />
                </Route>
              </Route>
            </Routes>
          </Part>
          <Toasts />
          <UndoKey />
        </BrowserRouter>
      </QueryClientProvider>
    </I18nProvider>
  );
}
