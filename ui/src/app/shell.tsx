/** The frame around every conversation: the sidebar beside it, or in a drawer on small screens. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, useEffect, useState } from "react";
import { Outlet, useMatch, useNavigate, useOutletContext } from "react-router";
import { logout, sessionQuery } from "../api/session";
import { IconButton } from "../components/button";
import { Dialog } from "../components/dialog";
import { CloseIcon, ComposeIcon, MenuIcon, SidebarIcon } from "../components/icons";
import { Part } from "../components/part";
import { closeToasts } from "../components/toast";
import { AccountMenu } from "../features/settings/account-menu";
import { deleteAllNow, forgetDeletions } from "../features/sidebar/deletions";
import { neighbour } from "../features/sidebar/neighbour";
import { Sidebar } from "../features/sidebar/sidebar";
import { useMedia, wideScreen } from "../lib/media";
import { useShortcut } from "../lib/shortcuts";
import { load, save } from "../lib/storage";
import { useDrawer } from "./drawer";
import styles from "./shell.module.css";

const KeyboardHelp = lazy(() => import("./keyboard-help"));

interface Frame {
  /** Buttons for the start and the end of the header, when no sidebar shows them. */
  leading: ReactNode;
  trailing: ReactNode;
}

export function useFrame(): Frame {
  return useOutletContext<Frame>();
}

export function Shell() {
  const { t } = useLingui();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const wide = useMedia(wideScreen);
  const drawer = useDrawer(!wide);
  const openId = useMatch("/c/:projectId")?.params.projectId ?? null;
  const fresh = useMatch("/") !== null;
  const [beside, setBeside] = useState(load("sidebar") !== "closed");
  const [searches, setSearches] = useState(0);
  const [help, setHelp] = useState(false);

  function showBeside(next: boolean) {
    save("sidebar", next ? null : "closed");
    setBeside(next);
  }

  function toggle() {
    if (wide) showBeside(!beside);
    else if (drawer.isOpen) drawer.close();
    else drawer.open();
  }

  function search() {
    if (wide) showBeside(true);
    else if (!drawer.isOpen) drawer.open();
    setSearches(searches + 1);
  }

  /** From the drawer one goes in place of it. */
  function go(to: string) {
    navigate(to, { replace: drawer.isOpen });
  }

  function startNew() {
    go("/");
    if (fresh) document.getElementById("composer")?.focus();
  }

  async function step(by: 1 | -1) {
    const next = await neighbour(queries, openId, by);
    if (next) go(`/c/${next}`);
  }

  async function signOut() {
    // What was deleted here would stay for ever: afterwards nobody may delete it.
    const told = deleteAllNow();
    closeToasts();
    await told;
    await logout(queries);
  }

  useEffect(
    () => () => {
      // Whatever ended the session, in another tab perhaps: none of it is about who comes next.
      if (!queries.getQueryData(sessionQuery.queryKey)) forgetDeletions();
      closeToasts();
    },
    [queries],
  );

  useShortcut("toggle_sidebar", toggle);
  useShortcut("search", search);
  useShortcut("help", () => setHelp(true));
  useShortcut("settings", () => go("/settings"));
  useShortcut("new_chat", startNew);
  useShortcut("previous", () => void step(-1));
  useShortcut("next", () => void step(1));

  const sidebar = {
    foot: (
      <AccountMenu
        onHelp={() => setHelp(true)}
        onSettings={() => go("/settings")}
        onSignOut={() => void signOut()}
      />
    ),
    searches,
    onNew: startNew,
  };
  const shown = wide && beside;
  const frame: Frame = {
    leading: shown ? null : (
      <IconButton label={t`Show conversations`} onClick={toggle}>
        {wide ? <SidebarIcon /> : <MenuIcon />}
      </IconButton>
    ),
    trailing: shown ? null : (
      <IconButton label={t`New chat`} onClick={startNew}>
        <ComposeIcon />
      </IconButton>
    ),
  };
  return (
    <div className={styles.shell}>
      {openId || fresh ? (
        <a className={styles.skip} href="#composer">
          <Trans>Skip to the message box</Trans>
        </a>
      ) : (
        <a className={styles.skip} href="#content">
          <Trans>Skip to the content</Trans>
        </a>
      )}
      {shown && (
        <aside className={styles.aside}>
          <Sidebar
            {...sidebar}
            drawer={false}
            closer={
              <IconButton label={t`Hide conversations`} onClick={toggle}>
                <SidebarIcon />
              </IconButton>
            }
          />
        </aside>
      )}
      <Dialog kind="drawer" title={t`Conversations`} open={drawer.isOpen} onClose={drawer.close}>
        <Sidebar
          {...sidebar}
          drawer
          closer={
            <IconButton label={t`Close`} onClick={drawer.close}>
              <CloseIcon />
            </IconButton>
          }
        />
      </Dialog>
      <main id="content" tabIndex={-1} className={styles.main}>
        <Outlet context={frame} />
      </main>
      {help && (
        <Part onClose={() => setHelp(false)}>
          <KeyboardHelp onClose={() => setHelp(false)} />
        </Part>
      )}
    </div>
  );
}
